import { DIRECTIONS } from '@routed/netfilter';
import type { Container, ContainerNetwork } from '@routed/docker-engine';
import type { LeasedAddress } from '../leases/leased-address.ts';
import type { Rates } from '../networks/parse-options.ts';
import type { Rate } from '../networks/rate-text.ts';

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
  /** How fast packets may go to it and from it, in place of what network and driver options say. */
  readonly rateIn?: Rate;
  readonly rateOut?: Rate;
}

/** The limits of a record: those that an operator gave. */
export function ratesOf({ rateIn, rateOut }: Rates): Rates {
  return { ...(rateIn !== undefined && { rateIn }), ...(rateOut !== undefined && { rateOut }) };
}

/** Whether an operator gave the container a list or a limit. */
export function hasPolicy(record: PersistentAssignment): boolean {
  const hasLimit = record.rateIn !== undefined || record.rateOut !== undefined;
  return hasLimit || DIRECTIONS.some((direction) => record[direction] !== undefined);
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
