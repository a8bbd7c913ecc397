import { hostPrefix, type Logger } from '@routed/datapath';
import { type AddressRequest, type Ipam, isIpamError, type KeyedLock, type Lease, type LeaseKey } from '@routed/ipam';
import type { Blocks } from '../blocks/blocks.ts';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import type { DuplicateAddressCheck } from '../leases/duplicate-address-check.ts';
import { type Endpoint, holderOf } from '../endpoints/endpoint.ts';
import type { Journal } from '../ground/journal.ts';
import { DriverError, isDriverError } from '../ground/errors.ts';
import type { KeptAddresses } from '../leases/kept-addresses.ts';
import type { OwnAddresses } from './own-addresses.ts';
import type { UnboundLeases } from '../leases/unbound-leases.ts';
import type { LeasedAddress } from '../leases/leased-address.ts';

/** How long Docker may take from one call for a container to the next. */
const BETWEEN_CALLS_MS = 30_000;

/** What Docker asks for. */
export interface DockerLeaseRequest {
  readonly poolId: string;
  /** The user's `--ip`; absent: any free address. */
  readonly address?: string;
  /** The container's name, on the releases of Docker that tell it. */
  readonly holder?: string;
}

interface DockerLeasesDeps {
  readonly ipam: Ipam;
  readonly claims: Pick<DuplicateAddressCheck, 'takerOf' | 'holderOf' | 'isTaken'>;
  readonly endpoints: Pick<EndpointLifecycle, 'get' | 'endpointAt' | 'deleteIfGone'>;
  readonly blocks: Pick<Blocks, 'choose'>;
  readonly loose: UnboundLeases;
  readonly kept: Pick<KeptAddresses, 'keep' | 'giveUp'>;
  readonly own: Pick<OwnAddresses, 'giveBack' | 'takeOldest'>;
  readonly lock: KeyedLock;
  readonly journal: Pick<Journal, 'record'>;
  readonly logger: Logger;
}

/**
 * The leases that Docker asks for and gives back, and that it may forget: it dies, or does not reach us, and never
 * repeats a call. Errors of the release are only logged by Docker, so nothing depends on them.
 */
export class DockerLeases {
  readonly #deps: DockerLeasesDeps;
  /** Leases by name of addresses that another host announced then, until it is known for which endpoint they are. */
  readonly #heldElsewhere = new Set<string>();
  /** Leases by name of addresses that were chosen, until it is known for which endpoint they are. */
  readonly #chosen = new Set<string>();

  constructor(deps: DockerLeasesDeps) {
    this.#deps = deps;
  }

  /** Finds what the previous run left loose. */
  load(): void {
    this.#deps.loose.load(
      this.#deps.ipam,
      (address) => this.#deps.endpoints.endpointAt(hostPrefix(address)) !== undefined,
    );
  }

  /**
   * Leases an address for a container that is about to be started.
   *
   * @throws DriverError ADDRESS_IN_USE when another host, or something else on this one, has it
   * @throws IpamError
   */
  async request(request: DockerLeaseRequest): Promise<Lease> {
    const { poolId, address } = request;
    // One by one: two at a time would both free it from a container that is gone, the second from the first.
    const { lease, how } = await (address === undefined
      ? this.#choose(request)
      : this.#deps.lock.run(`lease ${keyOf({ poolId, address })}`, () => this.#named({ ...request, address })));
    const detail = `Docker starts a container: ${how}`;
    this.#deps.journal.record({ kind: 'leased', addresses: [lease.address], detail });
    return lease;
  }

  /** Gives an address back, unless a container has it: Docker may repeat a release late, when it was given out again. */
  async release({ poolId, address }: LeaseKey): Promise<void> {
    const endpointId = this.#deps.endpoints.endpointAt(hostPrefix(address));
    if (endpointId !== undefined && !(await this.deleteIfGone(endpointId, BETWEEN_CALLS_MS))) {
      this.#deps.logger.warn({ address, endpointId }, 'release ignored: a container uses the address');
      return;
    }
    if (this.#isOfNetwork({ poolId, address })) {
      this.#deps.logger.debug({ poolId, address }, 'release ignored: the address goes with the pool of its network');
      return;
    }
    await this.#free({ poolId, address }, 'Docker gave it back');
  }

  /**
   * Refuses an endpoint addresses that another host announced when Docker requested them, unless it shares them or takes them over.
   * Docker does not say with the request for which endpoint it is.
   *
   * @throws DriverError ADDRESS_IN_USE
   */
  async refuseElsewhere({ addresses, isTakeover = false }: Pick<Endpoint, 'addresses' | 'isTakeover'>): Promise<void> {
    for (const { poolId, address, isAnycast = false } of addresses) {
      if (!this.#heldElsewhere.delete(keyOf({ poolId, address }))) continue;
      const taker = await this.#deps.claims.takerOf({ address, isShared: isAnycast || isTakeover });
      if (taker !== undefined) throw inUse(address, taker);
    }
  }

  /** The endpoint, with those of its addresses marked that Docker's user did not name. */
  withChosen(endpoint: Endpoint): Endpoint {
    const isChosen = (address: LeasedAddress): boolean => this.#chosen.delete(keyOf(address));
    const addresses = endpoint.addresses.map((each) => (isChosen(each) ? { ...each, isChosen: true } : each));
    return { ...endpoint, addresses };
  }

  /** The leases belong to an endpoint from now on; those that Docker did not ask for are made. */
  async attach(addresses: readonly LeasedAddress[], endpoint: Pick<Endpoint, 'id'>): Promise<void> {
    const holder = holderOf(endpoint);
    for (const { poolId, address } of addresses) {
      const lease = this.#deps.ipam.lease(poolId, address);
      if (lease === undefined) await this.#deps.ipam.requestAddress({ poolId, address, purpose: 'endpoint', holder });
      else await this.#deps.ipam.reassignAddress({ ...lease, purpose: 'endpoint', holder });
      this.#deps.loose.remove({ poolId, address });
    }
  }

  /** The endpoint is gone: Docker gives the leases back next, or never. */
  detach(addresses: readonly LeasedAddress[]): void {
    for (const { poolId, address } of addresses) {
      // Another endpoint may have it by now.
      const isFree = this.#deps.endpoints.endpointAt(hostPrefix(address)) === undefined;
      if (isFree && this.#deps.ipam.lease(poolId, address) !== undefined) this.#deps.loose.add({ poolId, address });
    }
  }

  /**
   * Deletes an endpoint whose container is provably gone, see {@link EndpointLifecycle.deleteIfGone}; its leases are
   * loose then.
   */
  async deleteIfGone(endpointId: string, idleMs: number): Promise<boolean> {
    const addresses = this.#deps.endpoints.get(endpointId)?.addresses ?? [];
    const isGone = await this.#deps.endpoints.deleteIfGone(endpointId, idleMs);
    if (isGone) this.detach(addresses);
    return isGone;
  }

  /**
   * The same, and frees its leases: whoever has forgotten the endpoint gives no lease of it back.
   *
   * @returns how many leases, undefined when the endpoint is not gone
   */
  async freeIfGone(endpointId: string, idleMs: number, detail: string): Promise<number | undefined> {
    const addresses = this.#deps.endpoints.get(endpointId)?.addresses ?? [];
    if (!(await this.deleteIfGone(endpointId, idleMs))) return undefined;
    let count = 0;
    for (const lease of addresses) {
      // Somebody may have asked for it meanwhile.
      if (!this.#deps.loose.has(lease)) continue;
      await this.#free(lease, detail);
      count++;
    }
    return count;
  }

  /** Frees what has belonged to no endpoint for so long. Returns how many leases. */
  async freeLoose(olderThanMs: number): Promise<number> {
    let count = 0;
    for (const lease of this.#deps.loose.olderThan(olderThanMs)) {
      await this.#deps.lock.run(`lease ${keyOf(lease)}`, async () => {
        // Somebody may have asked for it while others were freed.
        if (!this.#deps.loose.isOlderThan(lease, olderThanMs)) return;
        this.#deps.logger.warn({ address: lease.address }, 'freeing a stale address');
        await this.#free(lease, 'stale: Docker does not know it');
        count++;
      });
    }
    return count;
  }

  /** Leases an address that nobody names: loose until it has an endpoint. */
  async #choose(request: DockerLeaseRequest): Promise<{ readonly lease: Lease; readonly how: string }> {
    const own = await this.#deps.own.giveBack(request.poolId, request.holder);
    const lease = own ?? (await this.#chooseFree(request));
    this.#deps.loose.add(lease);
    this.#chosen.add(keyOf(lease));
    return { lease, how: own === undefined ? 'chosen' : 'its own address' };
  }

  /** No container goes without an address because another, which does not run, has one of its own. */
  async #chooseFree({ poolId, holder }: DockerLeaseRequest): Promise<Lease> {
    const isTaken = (candidate: string): Promise<boolean> => this.#deps.claims.isTaken(candidate);
    try {
      return await this.#deps.blocks.choose(poolId, async (within) => {
        return await this.#deps.ipam.requestAddress({ ...askerOf(poolId, holder), isTaken, ...(within && { within }) });
      });
    } catch (error) {
      const isFull =
        isIpamError(error, 'POOL_EXHAUSTED', 'CANDIDATES_TAKEN') || isDriverError(error, 'BLOCKS_EXHAUSTED');
      const kept = isFull ? await this.#deps.own.takeOldest(poolId) : undefined;
      if (kept === undefined) throw error;
      return kept;
    }
  }

  /** Leases the user's `--ip`: loose until it has an endpoint. */
  async #named({
    poolId,
    address,
    holder,
  }: DockerLeaseRequest & LeaseKey): Promise<{ readonly lease: Lease; readonly how: string }> {
    await this.#deps.kept.giveUp({ poolId, address });
    if (this.#deps.ipam.lease(poolId, address) === undefined) await this.#refuseHeld({ poolId, address });
    const asked = { ...askerOf(poolId, holder), address };
    const lease = await this.#deps.ipam.requestAddress(asked).catch(async (error: unknown) => {
      if (!isIpamError(error, 'ADDRESS_IN_USE') || !(await this.#freeIfForgotten({ poolId, address }))) throw error;
      return await this.#deps.ipam.requestAddress(asked);
    });
    this.#deps.loose.add(lease);
    return { lease, how: 'requested by name' };
  }

  /** Frees an address whose owner is provably gone: nothing in the kernel has it, and Docker has had its time. */
  async #freeIfForgotten(lease: LeaseKey): Promise<boolean> {
    if (this.#deps.ipam.lease(lease.poolId, lease.address)?.purpose !== 'endpoint') return false;
    const endpointId = this.#deps.endpoints.endpointAt(hostPrefix(lease.address));
    const isForgotten =
      endpointId === undefined
        ? this.#deps.loose.isOlderThan(lease, BETWEEN_CALLS_MS)
        : await this.deleteIfGone(endpointId, BETWEEN_CALLS_MS);
    if (!isForgotten) return false;
    this.#deps.logger.warn({ address: lease.address, endpointId }, 'the previous owner of the address is gone');
    await this.#free(lease, 'its previous owner is gone');
    await this.#deps.kept.giveUp(lease);
    return true;
  }

  /**
   * Whether it is the gateway or a reserved address of a network. Two networks made at once of one pool share these
   * leases, and Docker gives them back for the one that is refused.
   */
  #isOfNetwork({ poolId, address }: LeaseKey): boolean {
    const purpose = this.#deps.ipam.lease(poolId, address)?.purpose;
    return (purpose === 'gateway' || purpose === 'auxiliary') && this.#deps.ipam.pool(poolId)?.owner !== undefined;
  }

  /** Frees it, unless it stays its container's own. */
  async #free(lease: LeaseKey, detail: string): Promise<void> {
    this.#chosen.delete(keyOf(lease));
    this.#heldElsewhere.delete(keyOf(lease));
    const isKept = await this.#deps.kept.keep(lease);
    const wasLeased = !isKept && (await this.#deps.ipam.releaseAddress(lease));
    this.#deps.loose.remove(lease);
    if (wasLeased) this.#deps.journal.record({ kind: 'released', addresses: [lease.address], detail });
  }

  /** One that only another host has may be shared or taken over: see {@link refuseElsewhere}. */
  async #refuseHeld(lease: LeaseKey): Promise<void> {
    const holder = await this.#deps.claims.holderOf(lease.address);
    if (holder?.isElsewhere === true) this.#heldElsewhere.add(keyOf(lease));
    else if (holder !== undefined) throw inUse(lease.address, holder.description);
  }
}

function keyOf({ poolId, address }: LeaseKey): string {
  return `${poolId} ${address}`;
}

/** What every lease for a container is asked for with. */
function askerOf(poolId: string, holder: string | undefined): Pick<AddressRequest, 'poolId' | 'purpose' | 'holder'> {
  return { poolId, purpose: 'endpoint', ...(holder === undefined ? {} : { holder }) };
}

function inUse(address: string, holder: string): DriverError {
  return new DriverError('ADDRESS_IN_USE', `address ${address} is in use by ${holder}: choose another --ip`);
}
