import { numberOf, parseIp } from '@routed/addresses';
import type { ClosedAddress, DnsGate, GateCounters, Opening } from '@routed/dns-gate';
import {
  type AllowEntry,
  type EndpointFilters,
  type NamedEntry,
  openPacketQueue,
  type PacketQueue,
  type QueueStatistics,
  queueStatistics,
  type QueueWay,
} from '@routed/netfilter';
import type { Rtnl } from '@routed/netns';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../ground/logger.ts';
import { HOST_LINK_PREFIX } from '../names/kernel-names.ts';
import { Attendance } from './attendance.ts';

/** The queue of DNS, and the bit that marks it where iptables fills the queue. */
export const DNS_QUEUE = { queue: 21_053, mark: 0x1000_0000 } as const;

/** How old what is known of the host's own addresses may be. */
const OWN_ADDRESSES_MS = 5_000;
/** Between attempts to have the queue again. */
const REOPEN_MS = 1_000;

/** How names are read, and what was read since then. */
export interface NamesStatus {
  readonly way: QueueWay;
  /** Links with names in their lists. */
  readonly links: number;
  /** Addresses that are open by name. */
  readonly open: number;
  /** Packets that were dropped before they were read. */
  readonly lost: number;
  /** Absent: none was. */
  readonly lastLossMsAgo?: number;
  readonly counters: GateCounters;
  /** Absent when the kernel says nothing of the queue. */
  readonly queue?: QueueStatistics;
}

/** An address that is open because a name has it. */
export interface OpenedByName {
  /** What the container asked for. */
  readonly name: string;
  /** The entry of the list that allows it. */
  readonly named: NamedEntry;
  /** The same for the address. */
  readonly entry: AllowEntry;
}

/** What is made at the first name. */
interface Reader {
  readonly gate: DnsGate;
  readonly way: QueueWay;
  /** What is to be said of a name in a list; undefined: nothing. */
  readonly warningOf: (name: string) => string | undefined;
  queue: PacketQueue;
}

/** The destinations that lists name: opened for a container when its DNS answers name their addresses, before it gets these. */
export class NamedDestinations {
  readonly #filters: Pick<EndpointFilters, 'open' | 'close' | 'handDns'>;
  readonly #attendance: Attendance;
  readonly #rtnl: Pick<Rtnl, 'links' | 'addresses'>;
  readonly #logger: Logger;
  readonly #openQueue: typeof openPacketQueue;
  /** The entries of each link, by name. */
  readonly #lists = new Map<string, ReadonlyMap<string, readonly NamedEntry[]>>();
  /** Names of links by their index, which is never used again. */
  readonly #names = new Map<number, string | undefined>();
  #own: ReadonlySet<string> = new Set();
  #ownSince = -Infinity;
  #lost = 0;
  #lastLossMs: number | undefined;
  #reader: Reader | undefined;
  #starting: Promise<Reader> | undefined;
  #isClosed = false;

  constructor(deps: {
    readonly filters: Pick<EndpointFilters, 'open' | 'close' | 'handDns' | 'attend'>;
    readonly rtnl: Pick<Rtnl, 'links' | 'addresses'>;
    readonly logger: Logger;
    readonly openQueue?: typeof openPacketQueue;
  }) {
    this.#filters = deps.filters;
    this.#attendance = new Attendance(deps);
    this.#rtnl = deps.rtnl;
    this.#logger = deps.logger;
    this.#openQueue = deps.openQueue ?? openPacketQueue;
  }

  /**
   * Says what a link's container may reach by name, from now on; call it before the filter of the link is set. What is open by names
   * that are still listed stays open. The first name begins the reading of DNS.
   *
   * @throws NetfilterError QUEUE_UNAVAILABLE, QUEUE_TAKEN, NFT_MISSING, FIREWALL_REFUSED
   */
  async set(link: string, names: readonly NamedEntry[]): Promise<void> {
    if (names.length === 0) {
      await this.forget(link);
      return;
    }
    const { gate, warningOf } = await this.#start();
    const list = byName(names);
    const before = this.#lists.get(link);
    if (before !== undefined && isEqual(before, list)) return;
    const kept = gate.openings(link).filter(({ pattern }) => list.has(pattern));
    this.#lists.set(link, list);
    for (const name of list.keys()) {
      const warning = before?.has(name) === true ? undefined : warningOf(name);
      if (warning !== undefined) this.#logger.warn({ link, name }, warning);
    }
    if (before === undefined) return;
    gate.forgetOpenings(link);
    await this.#filters.close(link);
    await this.#open(kept);
    gate.confirm(kept);
  }

  /**
   * Begins the reading of DNS, if nobody has yet: what can be known before there is a container.
   *
   * @throws NetfilterError as {@link set}
   */
  async requireSupport(): Promise<void> {
    await this.#start();
  }

  /** What is to be said of names in a list, for people: wildcards over what anybody may register. None before DNS is read. */
  warningsOf(names: readonly NamedEntry[]): string[] {
    const warningOf = this.#reader?.warningOf;
    return warningOf === undefined ? [] : [...byName(names).keys()].flatMap((name) => warningOf(name) ?? []);
  }

  /** The link's list has no names, or the link is gone: nothing is open by name. Nothing happens when there were none. */
  async forget(link: string): Promise<void> {
    if (!this.#lists.delete(link)) return;
    this.#reader?.gate.forget(link);
    await this.#filters.close(link);
  }

  /** What is open for a link at the moment. */
  openings(link: string): OpenedByName[] {
    return (this.#reader?.gate.openings(link) ?? []).flatMap((opening) =>
      this.#entriesOf(opening).flatMap((named) => {
        const ip = parseIp(opening.address);
        if (ip === undefined) return [];
        const value = numberOf(ip);
        const { service } = named;
        const entry = { family: ip.family, first: value, last: value, ...(service !== undefined && { service }) };
        return { name: opening.name, named, entry };
      }),
    );
  }

  /** The name that led the link's container to an address, as far as its DNS is read: its list has names. */
  nameOf(link: string, address: string): string | undefined {
    return this.#reader?.gate.nameOf(link, address);
  }

  /** Undefined while no list has names. */
  async status(): Promise<NamesStatus | undefined> {
    if (this.#reader === undefined) return undefined;
    const { gate, way } = this.#reader;
    const queue = await queueStatistics(DNS_QUEUE.queue);
    return {
      way,
      links: this.#lists.size,
      open: gate.openings().length,
      lost: this.#lost,
      ...(this.#lastLossMs !== undefined && { lastLossMsAgo: performance.now() - this.#lastLossMs }),
      counters: gate.counters,
      ...(queue !== undefined && { queue }),
    };
  }

  /** What is open stays so for its time. Nothing new is opened by name; lists that are open while nobody reads names are. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#starting?.catch(() => undefined);
    if (this.#reader === undefined) return;
    await this.#attendance.end();
    await this.#reader.queue.close();
  }

  async #start(): Promise<Reader> {
    this.#starting ??= this.#begin();
    try {
      return await this.#starting;
    } catch (error) {
      this.#starting = undefined;
      throw error;
    }
  }

  async #begin(): Promise<Reader> {
    // Few hosts have names in lists, and what reads DNS takes a while to load.
    const { DnsGate, parseNamePattern, wildcardWarning } = await import('@routed/dns-gate');
    const gate = new DnsGate({
      lists: (link) => this.#lists.get(link),
      isOwn: (address) => this.#isOwn(address),
      nowMs: () => performance.now(),
    });
    await this.#readOwnAddresses();
    const queue = await this.#attach(gate);
    try {
      const warningOf = (name: string): string | undefined => wildcardWarning(parseNamePattern(name));
      this.#reader = { gate, queue, warningOf, way: await this.#filters.handDns(DNS_QUEUE) };
    } catch (error) {
      await queue.close();
      throw error;
    }
    await this.#attendance.begin();
    this.#logger.info({ way: this.#reader.way }, 'reading the DNS of containers with names in their lists');
    return this.#reader;
  }

  async #attach(gate: DnsGate): Promise<PacketQueue> {
    const { attachGate } = await import('@routed/dns-gate');
    const queue = await this.#openQueue({ number: DNS_QUEUE.queue });
    queue.unref();
    queue.on('lost', (count) => {
      this.#lost += count;
      this.#lastLossMs = performance.now();
      this.#logger.warn({ count }, 'DNS packets of containers were dropped: more came than could be read');
    });
    queue.on('error', (error) => {
      this.#logger.warn({ err: error }, 'the DNS of containers can no longer be read');
      this.#attendance.pause();
      void this.#reattach(gate);
    });
    attachGate({
      gate,
      queue,
      mark: DNS_QUEUE.mark,
      clientOf: (index) => (this.#names.has(index) ? this.#names.get(index) : this.#nameOf(index)),
      open: (openings) => this.#open(openings),
      onClosed: (closed) => this.#report(closed),
      onError: (error) => this.#logger.warn({ err: error }, 'could not open what a DNS answer names'),
    });
    return queue;
  }

  async #reattach(gate: DnsGate): Promise<void> {
    while (!this.#isClosed) {
      try {
        const queue = await this.#attach(gate);
        if (this.#reader !== undefined) this.#reader.queue = queue;
        await this.#attendance.begin();
        return;
      } catch (error) {
        this.#logger.warn({ err: error }, 'the DNS of containers cannot be read');
        await sleep(REOPEN_MS, undefined, { ref: false });
      }
    }
  }

  async #nameOf(index: number): Promise<string | undefined> {
    const link = await this.#rtnl.links.get({ index });
    const name = link?.name.startsWith(HOST_LINK_PREFIX) === true ? link.name : undefined;
    this.#names.set(index, name);
    return name;
  }

  async #open(openings: readonly Opening[]): Promise<void> {
    const timed = openings.flatMap((opening) =>
      this.#entriesOf(opening).flatMap(({ service }) => {
        const address = parseIp(opening.address);
        if (address === undefined) return [];
        const timeoutMs = opening.timeoutSec * 1000;
        return [{ link: opening.client, address, timeoutMs, ...(service !== undefined && { service }) }];
      }),
    );
    if (timed.length > 0) await this.#filters.open(timed);
  }

  #entriesOf({ client, pattern }: Opening): readonly NamedEntry[] {
    return this.#lists.get(client)?.get(pattern) ?? [];
  }

  #report(closed: readonly ClosedAddress[]): void {
    for (const { client, name, address, reason } of closed) {
      this.#logger.warn({ link: client, name, address, reason }, 'a listed name has an address that stays closed');
    }
  }

  /** The answer is from what was known a moment ago: packets wait for it. */
  #isOwn(address: string): boolean {
    if (performance.now() - this.#ownSince > OWN_ADDRESSES_MS) {
      this.#readOwnAddresses().catch((error: unknown) => {
        this.#logger.warn({ err: error }, "could not read the host's own addresses");
      });
    }
    return this.#own.has(address);
  }

  async #readOwnAddresses(): Promise<void> {
    this.#ownSince = performance.now();
    const addresses = await this.#rtnl.addresses.list();
    this.#own = new Set(addresses.map(({ address }) => address.replace(/\/.*/, '')));
  }
}

function byName(names: readonly NamedEntry[]): Map<string, NamedEntry[]> {
  const list = new Map<string, NamedEntry[]>();
  for (const entry of names) list.set(entry.name, [...(list.get(entry.name) ?? []), entry]);
  return list;
}

function isEqual(one: ReadonlyMap<string, unknown>, other: ReadonlyMap<string, unknown>): boolean {
  return JSON.stringify([...one]) === JSON.stringify([...other]);
}
