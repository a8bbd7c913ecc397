import type { Ipam, LeaseKey } from '@routed/ipam';
import { AUXILIARY_HOLDER } from './auxiliary.ts';

/** A lease of which Docker has made no endpoint, or whose endpoint is gone. */
export interface UnboundLease extends LeaseKey {
  /** On the clock of `performance.now()`. */
  readonly sinceMs: number;
}

/**
 * The leases that Docker asked for and that belong to no endpoint: for a moment at each start and end of a container,
 * and for good when Docker died in between. Kept up to date call by call, so that nobody searches all leases.
 */
export class UnboundLeases {
  readonly #loose = new Map<string, UnboundLease>();

  /** Finds those that the previous run left: the only search. */
  load(ipam: Pick<Ipam, 'pools' | 'leases'>, hasEndpoint: (address: string) => boolean): void {
    for (const { id } of ipam.pools()) {
      for (const { poolId, address, purpose, holder } of ipam.leases(id)) {
        const isDockers = purpose === 'endpoint' && holder?.startsWith(AUXILIARY_HOLDER) !== true;
        if (isDockers && !hasEndpoint(address)) this.add({ poolId, address });
      }
    }
  }

  /** The lease has no endpoint from now on. */
  add({ poolId, address }: LeaseKey): void {
    this.#loose.set(keyOf({ poolId, address }), { poolId, address, sinceMs: performance.now() });
  }

  /** The lease has an endpoint, or is no more. */
  remove(lease: LeaseKey): void {
    this.#loose.delete(keyOf(lease));
  }

  /** Whether the lease has no endpoint. */
  has(lease: LeaseKey): boolean {
    return this.#loose.has(keyOf(lease));
  }

  /** Those that have been loose for so long. */
  olderThan(ms: number): readonly UnboundLease[] {
    const before = performance.now() - ms;
    return [...this.#loose.values()].filter(({ sinceMs }) => sinceMs <= before);
  }

  /** Whether the lease has been loose for so long. */
  isOlderThan(lease: LeaseKey, ms: number): boolean {
    const sinceMs = this.#loose.get(keyOf(lease))?.sinceMs;
    return sinceMs !== undefined && performance.now() - sinceMs >= ms;
  }
}

function keyOf({ poolId, address }: LeaseKey): string {
  return `${poolId} ${address}`;
}
