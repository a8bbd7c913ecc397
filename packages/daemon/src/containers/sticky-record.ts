import type { LeasedAddress } from '../endpoints/endpoint.ts';

/**
 * Addresses that an operator gave a container on a network, for as long as it exists: they are leased to it while it
 * does not run, and it has them again when it is started, though Docker makes a new endpoint then.
 */
export interface StickyRecord {
  /** {@link stickyId} of container and network. */
  readonly id: string;
  readonly containerId: string;
  /** The name that the container had. */
  readonly containerName: string;
  readonly networkId: string;
  readonly networkName: string;
  readonly addresses: readonly LeasedAddress[];
}

/** The id of the record of one container on one network. */
export function stickyId(containerId: string, networkId: string): string {
  return `${containerId} ${networkId}`;
}
