import type { Gateways, HostNetworkSetup } from '@routed/datapath';
import type { Repository } from '@routed/store';
import type { Ipam, KeyedLock } from '@routed/ipam';
import { DriverError } from '../ground/errors.ts';
import type { AdditionalPrefixes } from './additional-prefixes.ts';
import type { Network, NetworkPrefix, NewNetwork } from './network.ts';
import type { BlockLengths } from './option-values.ts';

/** A reply that was made so long ago has been sent. */
const ANSWERED_MS = 1_000;

/** The networks of this host, and what the host needs as long as there is one. */
export class NetworkRegistry {
  readonly #repository: Repository<Network>;
  readonly #ipam: Ipam;
  readonly #prefixes: AdditionalPrefixes;
  readonly #gateways: Gateways;
  readonly #host: HostNetworkSetup;
  readonly #defaultMtuBytes: number;
  readonly #lock: KeyedLock;
  readonly #networks = new Map<string, Network>();
  /** Networks of the previous run that Docker may not know, as that life ended before it had answered. */
  readonly #doubtful = new Set<string>();
  /** Whether nothing of earlier networks is on the host: the run before may have ended while it took that away, or made it. */
  #isTidy = false;

  constructor(deps: {
    readonly repository: Repository<Network>;
    readonly ipam: Ipam;
    readonly prefixes: AdditionalPrefixes;
    readonly gateways: Gateways;
    readonly host: HostNetworkSetup;
    readonly lock: KeyedLock;
    /** MTU of networks that name none, in bytes. */
    readonly defaultMtuBytes: number;
  }) {
    this.#repository = deps.repository;
    this.#ipam = deps.ipam;
    this.#prefixes = deps.prefixes;
    this.#gateways = deps.gateways;
    this.#host = deps.host;
    this.#lock = deps.lock;
    this.#defaultMtuBytes = deps.defaultMtuBytes;
  }

  /** Takes up the networks of the previous run, and gives back claims of which a crash let no network come to be. */
  async load(): Promise<void> {
    for (const network of await this.#repository.load()) {
      this.#networks.set(network.id, network);
      if (network.isUnanswered === true) this.#doubtful.add(network.id);
    }
    const owners = new Set([...this.#networks.keys()].map(ownerOf));
    for (const { id, owner } of this.#ipam.pools()) {
      if (owner !== undefined && !owners.has(owner)) await this.#ipam.unclaimPool(id, owner);
    }
    await this.#prefixes.closeOrphans((poolId) => this.isAllowedPrefix(poolId));
  }

  /** Readies the host for every network, where that was undone meanwhile. */
  async prepareHost(): Promise<void> {
    await this.#lock.run('networks', async () => {
      if (this.#networks.size === 0) {
        await this.#host.review();
        return;
      }
      const pools = this.all().flatMap((network) => network.pools);
      await this.#host.prepare({ pools });
      for (const gateway of new Set(pools.map((pool) => pool.gateway))) await this.#gateways.ensure(gateway);
    });
  }

  /**
   * Takes away, once, what no network needs on the host: the run before may have ended between a network's record and the rest of it, and
   * Docker never says so again. What fails is tried again when a network has come and gone.
   *
   * @param areAllKnown whether each container that runs is of a network in the records; if not, these are lost, and what looks like a
   * leftover may be in use
   * @returns whether it was done now
   */
  async tidyHost(areAllKnown: () => Promise<boolean>): Promise<boolean> {
    if (this.#isTidy) return false;
    return await this.#lock.run('networks', async () => {
      if (this.#isTidy || !(await areAllKnown())) return false;
      this.#isTidy = true;
      const pools = this.all().flatMap((network) => network.pools);
      await this.#gateways.retain(new Set(pools.map(({ gateway }) => gateway)));
      await this.#host.tidy({ pools });
      return true;
    });
  }

  /** Called when the daemon ends. Without networks it leaves the kernel's settings as it found them. */
  async leaveHost(): Promise<void> {
    for (const { id } of this.all()) if (!this.#doubtful.has(id)) await this.confirm(id);
    await this.#lock.run('networks', async () => {
      if (this.#networks.size === 0) await this.#host.restore({ pools: [] });
    });
  }

  /** The network, or undefined when no CreateNetwork came for it or DeleteNetwork did. */
  get(networkId: string): Network | undefined {
    return this.#networks.get(networkId);
  }

  /** @throws DriverError NETWORK_UNKNOWN */
  require(networkId: string): Network {
    const network = this.#networks.get(networkId);
    if (network !== undefined) return network;
    throw new DriverError(
      'NETWORK_UNKNOWN',
      `network ${networkId.slice(0, 12)} is not known to routed (was its state lost?): ` +
        'remove it with "docker network rm" and create it again',
    );
  }

  /** All networks, oldest first. */
  all(): readonly Network[] {
    return [...this.#networks.values()];
  }

  /** MTU of a network's links in bytes; the daemon's for a network that names none, or that is no more. */
  mtuOf(networkId: string): number {
    return this.#networks.get(networkId)?.mtuBytes ?? this.#defaultMtuBytes;
  }

  /**
   * The networks of which Docker has given a pool back, as it does before it deletes them. Another network may have the pool
   * by now.
   */
  withoutPool(): readonly string[] {
    return this.all()
      .filter(({ id, pools }) => pools.some(({ poolId }) => !this.#isClaimedBy(id, poolId)))
      .map(({ id }) => id);
  }

  /** Whether a network allows additional addresses from this pool, which therefore has to stay. */
  isAllowedPrefix(poolId: string): boolean {
    return this.all().some(({ prefixes }) => prefixes.some((prefix) => prefix.poolId === poolId));
  }

  /**
   * Adds a network: claims its pools, readies the host, keeps the record. All of it or nothing.
   *
   * @throws IpamError POOL_IN_USE when another network has one of the pools
   * @throws DriverError INVALID_OPTION when a prefix for additional addresses cannot be opened
   */
  async create(asked: NewNetwork): Promise<void> {
    await this.#lock.run('networks', async () => {
      const owner = ownerOf(asked.id);
      const claimed: string[] = [];
      const prefixes: NetworkPrefix[] = [];
      try {
        for (const { poolId } of asked.pools) {
          await this.#ipam.claimPool(poolId, owner);
          claimed.push(poolId);
        }
        for (const prefix of asked.prefixes) prefixes.push(await this.#prefixes.open(prefix));
        const network = { ...asked, prefixes, isUnanswered: true };
        await this.#host.prepare(network);
        for (const { gateway } of network.pools) await this.#gateways.ensure(gateway);
        await this.#repository.put(network);
        this.#networks.set(network.id, network);
        setTimeout(() => void this.confirm(network.id).catch(() => undefined), ANSWERED_MS).unref();
      } catch (error) {
        for (const poolId of claimed) await this.#ipam.unclaimPool(poolId, owner);
        await this.#prefixes.close(prefixes, (poolId) => claimed.includes(poolId) || this.isAllowedPrefix(poolId));
        await this.#tidyHost();
        throw error;
      }
    });
  }

  /** Docker knows the network: it has been answered, or asks for more. */
  async confirm(networkId: string): Promise<void> {
    await this.#lock.run('networks', async () => {
      const network = this.#networks.get(networkId);
      if (network?.isUnanswered !== true) return;
      const confirmed = { ...network, isUnanswered: false };
      await this.#repository.put(confirmed);
      this.#networks.set(networkId, confirmed);
      this.#doubtful.delete(networkId);
    });
  }

  /** Keeps other lengths of blocks for a network; absent: it has none. @throws DriverError NETWORK_UNKNOWN */
  async setBlock(networkId: string, block: BlockLengths | undefined): Promise<void> {
    await this.#lock.run('networks', async () => {
      const { block: former, ...network } = this.require(networkId);
      if (former === undefined && block === undefined) return;
      const changed = block === undefined ? network : { ...network, block };
      await this.#repository.put(changed);
      this.#networks.set(networkId, changed);
    });
  }

  /**
   * Deletes the networks that Docker may not know, as it does not hear of one that is being made when the daemon dies.
   *
   * @returns their ids
   */
  async dropDoubtful(): Promise<readonly string[]> {
    const doubtful = [...this.#doubtful];
    for (const networkId of doubtful) await this.delete(networkId);
    return doubtful;
  }

  /** Forgets a network. Docker has released its pools before. */
  async delete(networkId: string): Promise<void> {
    await this.#lock.run('networks', async () => {
      const network = this.#networks.get(networkId);
      if (network === undefined) return;
      await this.#repository.remove(networkId);
      this.#networks.delete(networkId);
      this.#doubtful.delete(networkId);
      try {
        const claimed = network.pools.filter(({ poolId }) => this.#isClaimedBy(networkId, poolId));
        for (const { poolId } of claimed) await this.#ipam.unclaimPool(poolId, ownerOf(networkId));
        await this.#prefixes.close(network.prefixes, (poolId) => this.isAllowedPrefix(poolId));
      } finally {
        // Docker does not repeat the call, and finds nobody to ask if it did: the network is gone.
        await this.#tidyHost();
      }
    });
  }

  #isClaimedBy(networkId: string, poolId: string): boolean {
    return this.#ipam.pool(poolId)?.owner === ownerOf(networkId);
  }

  /** Takes away what no remaining network needs on the host. */
  async #tidyHost(): Promise<void> {
    this.#isTidy = false;
    const pools = this.all().flatMap((network) => network.pools);
    await this.#gateways.retain(new Set(pools.map(({ gateway }) => gateway)));
    await this.#host.release({ pools });
    this.#isTidy = true;
  }
}

function ownerOf(networkId: string): string {
  return `network ${networkId.slice(0, 12)}`;
}
