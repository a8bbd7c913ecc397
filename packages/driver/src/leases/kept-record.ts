import type { LeasedAddress } from './leased-address.ts';

/** The addresses that are a container's own on one network: chosen for it once, and kept for it as long as it exists. */
export interface KeptRecord {
  /** {@link keptId} of container and network. */
  readonly id: string;
  readonly containerId: string;
  /** The name that the container had last. */
  readonly containerName: string;
  readonly networkId: string;
  /** At most one of each family. */
  readonly addresses: readonly LeasedAddress[];
}

/** The id of the record of one container on one network. */
export function keptId(containerId: string, networkId: string): string {
  return `${containerId} ${networkId}`;
}
