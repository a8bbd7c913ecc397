import type { Ipam, LeaseKey } from '@routed/ipam';
import { GracePeriod } from '../ground/grace-period.ts';

/**
 * The leases that Docker asked for and that belong to no endpoint: for a moment at each start and end of a container,
 * and for good when Docker died in between. Kept up to date call by call, so that nobody searches all leases.
 */
export class UnboundLeases {
  readonly #unbound = new GracePeriod();

  /** Finds those that the previous run left: the only search. */
  load(ipam: Pick<Ipam, 'pools' | 'leases'>, hasEndpoint: (address: string) => boolean): void {
    for (const { id } of ipam.pools()) {
      for (const { poolId, address, purpose } of ipam.leases(id)) {
        if (purpose === 'endpoint' && !hasEndpoint(address)) this.add({ poolId, address });
      }
    }
  }

  /** The lease has no endpoint from now on. */
  add(lease: LeaseKey): void {
    this.#unbound.restart(keyOf(lease));
  }

  /** The lease has an endpoint, or is no more. */
  remove(lease: LeaseKey): void {
    this.#unbound.forget(keyOf(lease));
  }

  /** Whether the lease has no endpoint. */
  has(lease: LeaseKey): boolean {
    return this.#unbound.has(keyOf(lease));
  }

  /** Those that have been unbound for so long. */
  olderThan(ms: number): readonly LeaseKey[] {
    return this.#unbound.over(ms).map(leaseOf);
  }

  /** Whether the lease has been unbound for so long. */
  isOlderThan(lease: LeaseKey, ms: number): boolean {
    return this.#unbound.isOver(keyOf(lease), ms);
  }
}

function keyOf({ poolId, address }: LeaseKey): string {
  return `${poolId} ${address}`;
}

/** An address has no space, whatever the pool's id has. */
function leaseOf(key: string): LeaseKey {
  const space = key.lastIndexOf(' ');
  return { poolId: key.slice(0, space), address: key.slice(space + 1) };
}
