import type { BlockRoutes, Logger } from '@routed/datapath';
import { type Ipam, isIpamError, type KeyedLock, formatPrefix, parsePrefix, prefixContains } from '@routed/ipam';
import type { RouterView } from '@routed/quagga/show';
import { setTimeout as sleep } from 'node:timers/promises';
import { holdersOf } from '../conflicts/conflict.ts';
import type { UnannouncedNetworks } from '../conflicts/unannounced-networks.ts';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import { blocksOf, type Endpoint } from '../endpoints/endpoint.ts';
import { DriverError } from '../ground/errors.ts';
import { GracePeriod } from '../ground/grace-period.ts';
import type { Journal } from '../ground/journal.ts';
import type { KeptAddresses } from '../leases/kept-addresses.ts';
import type { NetworkPool } from '../networks/network.ts';
import type { NetworkRegistry } from '../networks/network-registry.ts';

/** How long a block of which nothing is used stays this host's: containers that restart find it again. */
const REST_MS = 600_000;
/** Another host's claim of the same moment has come by then. */
const SETTLE_MS = 300;
/** So many hosts that claim at once part sooner. */
const MAX_CLAIMS = 8;

/** A part of a subnet that this host announces as a whole. */
export interface Block {
  readonly prefix: string;
  readonly family: 4 | 6;
  /** Absent: no network of this host has it any more, or not yet, while lost records are made anew. */
  readonly networkId?: string | undefined;
  readonly poolId?: string | undefined;
  /** Who else announces it, for people. Containers get no address of it as long as there is somebody. */
  readonly rivals: readonly string[];
}

/** A pool of a network with blocks. */
interface BlockPool {
  readonly networkId: string;
  readonly pool: NetworkPool;
  /** Prefix length of its blocks. */
  readonly length: number;
}

/** How full a block is. */
interface BlockUsage {
  readonly prefix: string;
  readonly networkId?: string;
  /** Addresses that a container has or gets. */
  readonly leased: number;
  readonly size: number;
  readonly rivals: readonly string[];
}

interface Deps {
  readonly ipam: Pick<Ipam, 'freeBlock' | 'leases'>;
  readonly kept: Pick<KeptAddresses, 'isIdle'>;
  readonly networks: Pick<NetworkRegistry, 'all' | 'get'>;
  readonly endpoints: Pick<EndpointLifecycle, 'all' | 'uncover'>;
  readonly routes: Pick<BlockRoutes, 'list' | 'takenByOthers' | 'add' | 'delete'>;
  readonly unannounced: Pick<UnannouncedNetworks, 'noteBlocks' | 'review'>;
  readonly view: Pick<RouterView, 'competingRoutes' | 'inactiveRoutes'>;
  readonly lock: KeyedLock;
  readonly journal: Pick<Journal, 'record'>;
  readonly logger: Logger;
}

/**
 * The blocks of this host: claimed when a container needs an address and none is left, announced as discard routes, and given back
 * when nothing of them has been used for ten minutes.
 *
 * There is no record of them. What a restart needs to know, the kernel's routes say, and the endpoints that they cover.
 */
export class Blocks {
  readonly #deps: Deps;
  /** By prefix. */
  readonly #blocks = new Map<string, Block>();
  readonly #unused = new GracePeriod();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Takes up those of the previous run, before calls are answered. @throws NetlinkError */
  async load(): Promise<void> {
    for (const prefix of new Set([...(await this.#deps.routes.list()).keys(), ...this.#covering()]))
      this.#adopt(prefix);
    this.#noteRules();
  }

  /** All of them, in the order in which they were claimed. */
  all(): readonly Block[] {
    return [...this.#blocks.values()];
  }

  /** Whether this host has a block of this prefix. */
  has(prefix: string): boolean {
    return this.#blocks.has(prefix);
  }

  /** The block of this host that an address lies in. */
  at(address: string): Block | undefined {
    const family = address.includes(':') ? 6 : 4;
    const lengths = new Set(this.all().flatMap((block) => (block.family === family ? [lengthOf(block.prefix)] : [])));
    const prefixes = Array.from(lengths, (length) => formatPrefix(parsePrefix(`${address}/${length}`)));
    return this.#blocks.get(prefixes.find((prefix) => this.has(prefix)) ?? '');
  }

  /** Whether a container may be given an address: where hosts have blocks, one of this host's. */
  mayUse(poolId: string, address: string): boolean {
    if (this.#poolOf(poolId) === undefined) return true;
    const block = this.at(address);
    return block !== undefined && this.#isOpen(block, poolId);
  }

  families(): readonly (4 | 6)[] {
    return [...new Set(this.all().map(({ family }) => family))].sort();
  }

  /**
   * Leases an address that the caller does not name: of this host's blocks, if its network has blocks. Claims one when they are full.
   *
   * @throws DriverError BLOCKS_EXHAUSTED
   */
  async choose<T>(poolId: string, lease: (within?: readonly string[]) => Promise<T>): Promise<T> {
    const pool = this.#poolOf(poolId);
    if (pool === undefined) return await lease();
    return await this.#inTurn(async () => {
      const within = this.all().filter((block) => this.#isOpen(block, poolId));
      try {
        return await lease(within.map(({ prefix }) => prefix));
      } catch (error) {
        if (!isIpamError(error, 'POOL_EXHAUSTED', 'CANDIDATES_TAKEN')) throw error;
      }
      return await lease([await this.#claim(pool)]);
    });
  }

  /**
   * The endpoint, with the block of each of its addresses that needs no announcement of its own. One that is not always announced, that
   * several hosts have, or with a metric of its own, is announced by itself. Call it once its addresses are leased.
   */
  cover(endpoint: Endpoint): Endpoint {
    const network = this.#deps.networks.get(endpoint.networkId);
    const isOrdinary =
      (endpoint.announce ?? 'always') === 'always' &&
      endpoint.isTakeover !== true &&
      endpoint.metric === network?.metric;
    if (!isOrdinary) return endpoint;
    const addresses = endpoint.addresses.map((each) => {
      const block = each.isAnycast === true ? undefined : this.at(each.address);
      return block !== undefined && this.#isOpen(block, each.poolId) ? { ...each, block: block.prefix } : each;
    });
    return { ...endpoint, addresses };
  }

  /** Announces what blocks cover one by one: their network has none any more, and they are given back when they have rested. */
  async uncoverNetwork(networkId: string): Promise<void> {
    await this.#uncover(({ networkId: id }) => id === networkId, 'its network has no blocks any more');
  }

  /** Gives the blocks of a network back at once: it is no more. */
  async forgetNetwork(networkId: string): Promise<void> {
    await this.#inTurn(async () => {
      const gone = this.all().filter((block) => block.networkId === networkId);
      for (const { prefix } of gone) await this.#giveBack(prefix, 'its network is gone');
    });
  }

  /** Restores what somebody took away, and gives back what has rested. Safe to repeat. @throws NetlinkError */
  async review(): Promise<void> {
    const { routes, networks, logger } = this.#deps;
    await this.#inTurn(async () => {
      if (this.#blocks.size === 0) return;
      const present = await routes.list();
      for (const { prefix, networkId } of this.all()) {
        if (networkId === undefined) this.#adopt(prefix);
        if (present.get(prefix) === true) continue;
        await routes.add(prefix, networks.get(networkId ?? '')?.metric);
        logger.warn({ block: prefix }, 'repaired: a route of a block was missing');
        this.#tell(prefix, 'repaired', 'a route of it was missing');
      }
      const used = this.#used();
      this.#unused.retain(new Set([...this.#blocks.keys()].filter((prefix) => !used.has(prefix))));
      for (const prefix of this.#unused.over(REST_MS)) await this.#giveBack(prefix, 'nothing of it is used');
      this.#noteRules();
    });
  }

  /**
   * Asks the router who else announces blocks of this host. One that is not used is given back. Of one that is, both hosts announce
   * their addresses one by one from then on.
   */
  async reviewRivals(): Promise<void> {
    for (const { prefix } of this.all()) {
      const rivals = holdersOf(await this.#deps.view.competingRoutes(prefix));
      await this.#inTurn(async () => {
        const block = this.#blocks.get(prefix);
        if (block !== undefined) await this.#settle(block, rivals);
      });
    }
  }

  /** How full each is. */
  usage(): readonly BlockUsage[] {
    const leased = new Map<string, number>();
    for (const { prefix } of this.#leasedIn()) leased.set(prefix, (leased.get(prefix) ?? 0) + 1);
    return this.all().map(({ prefix, family, networkId, rivals }) => ({
      prefix,
      ...(networkId !== undefined && { networkId }),
      leased: leased.get(prefix) ?? 0,
      size: 2 ** ((family === 4 ? 32 : 128) - lengthOf(prefix)),
      rivals,
    }));
  }

  /** What operators should know, for people. */
  problems(): readonly string[] {
    return this.all()
      .filter(({ rivals }) => rivals.length > 0)
      .map(describeContested);
  }

  async #settle(block: Block, rivals: readonly string[]): Promise<void> {
    const { prefix } = block;
    const wasContested = block.rivals.length > 0;
    if (rivals.length > 0 && !this.#used().has(prefix)) {
      await this.#giveBack(prefix, `another host announces it (${rivals.join('; ')})`);
      return;
    }
    this.#blocks.set(prefix, { ...block, rivals });
    if (wasContested === rivals.length > 0) return;
    if (wasContested) this.#tell(prefix, 'conflict', 'over: no other host announces the block any more');
    else {
      this.#deps.logger.warn({ block: prefix, rivals }, describeContested({ prefix, rivals }));
      this.#tell(prefix, 'conflict', `another host announces the block, too (${rivals.join('; ')})`);
      await this.#uncover(
        ({ addresses }) => addresses.some((each) => each.block === prefix),
        'two hosts have its block',
      );
    }
  }

  async #uncover(isMeant: (endpoint: Endpoint) => boolean, detail: string): Promise<void> {
    for (const { id } of this.#deps.endpoints.all().filter(isMeant)) await this.#deps.endpoints.uncover(id, detail);
  }

  /** Of hosts that claim one block at once, each that hears of another chooses again. */
  async #claim({ networkId, length, pool: { poolId, family, prefix: subnet } }: BlockPool): Promise<string> {
    const tried: string[] = [];
    while (tried.length < MAX_CLAIMS) {
      const others = (await this.#deps.routes.takenByOthers(family)).filter((route) => lengthOf(route) >= length);
      const prefix = this.#deps.ipam.freeBlock({
        poolId,
        length,
        taken: [...others, ...this.#blocks.keys(), ...tried],
      });
      if (prefix === undefined) break;
      await this.#take({ prefix, family, networkId, poolId, rivals: [] });
      const rivals = await this.#rivalsSoon(prefix, family);
      if (rivals.length === 0) return prefix;
      await this.#giveBack(prefix, `another host claimed it at the same time (${rivals.join('; ')})`);
      tried.push(prefix);
    }
    throw new DriverError(
      'BLOCKS_EXHAUSTED',
      `no /${length} block of ${subnet} is free: others have routes to all of them; use a larger subnet, smaller blocks ` +
        '("routed-plugin network block"), or --ip',
    );
  }

  /** The rule is there before the first route that needs it. */
  async #take(block: Block): Promise<void> {
    const { prefix, networkId = '' } = block;
    this.#blocks.set(prefix, block);
    try {
      this.#noteRules();
      await this.#deps.unannounced.review();
      await this.#deps.routes.add(prefix, this.#deps.networks.get(networkId)?.metric);
    } catch (error) {
      // One that cannot be given back either is so when it has rested.
      await this.#giveBack(prefix, 'its routes were refused').catch((refused: unknown) => {
        this.#deps.logger.debug({ err: refused, block: prefix }, 'a block that was refused stays for now');
      });
      throw error;
    }
    this.#deps.logger.info({ block: prefix, networkId }, 'claimed a block');
    this.#tell(prefix, 'announced', 'claimed: the blocks of its network on this host are full');
  }

  async #giveBack(prefix: string, why: string): Promise<void> {
    await this.#deps.routes.delete(prefix);
    this.#blocks.delete(prefix);
    this.#unused.forget(prefix);
    this.#noteRules();
    await this.#deps.unannounced.review();
    this.#deps.logger.info({ block: prefix }, `gave a block back: ${why}`);
    this.#tell(prefix, 'withdrawn', `given back: ${why}`);
  }

  async #rivalsSoon(prefix: string, family: 4 | 6): Promise<readonly string[]> {
    const { view } = this.#deps;
    if ((await view.inactiveRoutes([family])) === undefined) return [];
    await sleep(SETTLE_MS);
    return holdersOf(await view.competingRoutes(prefix));
  }

  #adopt(prefix: string): void {
    const family = prefix.includes(':') ? 6 : 4;
    const pools = this.#deps.networks.all().flatMap(({ id, pools: all }) => all.map((pool) => ({ ...pool, id })));
    const found = pools.find((pool) => prefixContains(pool.prefix, addressOf(prefix)));
    const rivals = this.#blocks.get(prefix)?.rivals ?? [];
    this.#blocks.set(prefix, { prefix, family, networkId: found?.id, poolId: found?.poolId, rivals });
  }

  #noteRules(): void {
    this.#deps.unannounced.noteBlocks([...this.#blocks.keys()].sort());
  }

  /** The blocks that cover an endpoint. */
  #covering(): readonly string[] {
    return this.#deps.endpoints.all().flatMap(blocksOf);
  }

  /** The block of each address that a container has or gets, once for each. */
  *#leasedIn(): Generator<Block> {
    for (const poolId of new Set(this.all().map((block) => block.poolId ?? ''))) {
      for (const { address, purpose } of this.#deps.ipam.leases(poolId)) {
        if (purpose === 'gateway' || purpose === 'auxiliary') continue;
        const block = this.#deps.kept.isIdle({ poolId, address }) ? undefined : this.at(address);
        if (block !== undefined) yield block;
      }
    }
  }

  /** Those that cover an endpoint, and those that containers of their network have addresses of, or get one. */
  #used(): ReadonlySet<string> {
    const used = new Set(this.#covering());
    for (const { prefix, poolId = '' } of this.#leasedIn()) if (this.#poolOf(poolId) !== undefined) used.add(prefix);
    return used;
  }

  /** Whether containers get addresses of it. */
  #isOpen({ prefix, poolId, rivals }: Block, of: string): boolean {
    return poolId === of && rivals.length === 0 && this.#poolOf(of)?.length === lengthOf(prefix);
  }

  /** The pool, if hosts take addresses of it from blocks. */
  #poolOf(poolId: string): BlockPool | undefined {
    for (const { id: networkId, pools, block } of this.#deps.networks.all()) {
      const pool = pools.find((each) => each.poolId === poolId);
      const length = pool && block?.[pool.family];
      if (pool !== undefined && length !== undefined) return { networkId, pool, length };
    }
    return undefined;
  }

  #tell(prefix: string, kind: 'announced' | 'withdrawn' | 'conflict' | 'repaired', detail: string): void {
    this.#deps.journal.record({ kind, addresses: [prefix], detail: `block: ${detail}` });
  }

  /** Of claims and what undoes them, one after another. */
  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    return await this.#deps.lock.run('blocks', work);
  }
}

function addressOf(prefix: string): string {
  return prefix.replace(/\/.*$/, '');
}

function lengthOf(prefix: string): number {
  return Number(prefix.split('/')[1]);
}

function describeContested({ prefix, rivals }: Pick<Block, 'prefix' | 'rivals'>): string {
  return `block ${prefix} is also announced by another host (${rivals.join('; ')}): this host announces its addresses of it one by one`;
}
