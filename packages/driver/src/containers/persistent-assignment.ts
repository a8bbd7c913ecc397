import { DIRECTIONS } from '@routed/netfilter';
import type { Container, ContainerNetwork } from '@routed/docker-engine';
import type { LeasedAddress } from '../leases/leased-address.ts';

/**
 * Addresses that an operator gave a container on a network, for as long as it exists: they are leased to it while it
 * does not run, and it has them again when it is started, though Docker makes a new endpoint then.
 */
export interface PersistentAssignment {
  /** {@link assignmentId} of container and network. */
  readonly id: string;
  readonly containerId: string;
  /** The name that the container had. */
  readonly containerName: string;
  readonly networkId: string;
  readonly networkName: string;
  readonly addresses: readonly LeasedAddress[];
  /** Who may open connections to it, in place of what network and driver options say; `any`: everybody. */
  readonly ingress?: string;
  /** The same of those that it opens. */
  readonly egress?: string;
}

/** Whether an operator gave the container a list. */
export function hasList(record: PersistentAssignment): boolean {
  return DIRECTIONS.some((direction) => record[direction] !== undefined);
}

/** A record without anything in it yet. */
export function recordOf(container: Container, on: ContainerNetwork): PersistentAssignment {
  return {
    id: assignmentId(container.id, on.networkId),
    containerId: container.id,
    containerName: container.name,
    networkId: on.networkId,
    networkName: on.networkName,
    addresses: [],
  };
}

/** The id of the record of one container on one network. */
export function assignmentId(containerId: string, networkId: string): string {
  return `${containerId} ${networkId}`;
}
