import { setImmediate as nextTurn } from 'node:timers/promises';
import { isNetlinkError } from '@routed/netns';
import type { Nfnetlink } from '@routed/netns/nfnetlink';
import { type Direction, DIRECTIONS } from '../allow-list/allow-list.ts';
import { linkOfKey } from '../codec/key.ts';
import type { Counter } from '../codec/set-elements.ts';
import type { CommandRunner } from '../command-runner.ts';
import { NetfilterError, failureOf } from '../netfilter-error.ts';
import { areOnNfTables } from '../iptables-variant.ts';
import { FAMILIES } from '../ruleset-damage.ts';
import type { RulesetWatch } from '../ruleset-watch.ts';
import {
  ensureMarkedQueue,
  findQueueWay,
  MARKED_CHAIN,
  type MarkedQueueOptions,
  type QueueWay,
  removeMarkedQueue,
} from '../queue/queue-rules.ts';
import { indexElements, KernelSets, type LinkElements } from './kernel-sets.ts';
import {
  type Element,
  elementsOf,
  type EndpointFilter,
  hasRanges,
  isUntracked,
  LIST_SETS,
  SENDER_SETS,
  UNTRACKED_SETS,
} from './layout.ts';
import { type DnsTarget, type RulesetOptions, rulesetScript } from './ruleset.ts';
import { type TimedAddress, TimedElements } from './timed-elements.ts';
import { UntrackedLinks } from './untracked-links.ts';
import { WantedElements } from './wanted-elements.ts';

/**
 * What {@link EndpointFilters.ensure} found: all of it there, rules made (with all that is in them), rules there but filters
 * damaged, which it put right, or no `nft` on this host.
 */
export type FiltersOutcome = 'present' | 'installed' | 'repaired' | 'unavailable';

/** What a list of one direction was asked, since it was set. */
export interface ListCounters {
  /** Whether there is a list. */
  readonly isListed: boolean;
  /** First packets of connections. */
  readonly examined: Counter;
  /** Of these, what was refused; or would have been, where the list only counts. */
  readonly refused: Counter;
}

/** What was counted at one link since its filter was set. */
export interface FilterCounters extends Readonly<Record<Direction, ListCounters>> {
  /** Sent by the container from addresses that it does not have, or claimed by it. */
  readonly spoofed: Counter;
}

/**
 * Filters at container links: who may enter, where the container may go, and what addresses it may send from.
 *
 * A filter stands in elements of sets, keyed by the name of the link, which need not exist yet: a filter set before the link
 * is made leaves no moment without it. It outlives the link and this process. Changes are one transaction of netlink each and
 * start no process; their cost does not depend on the number of filters.
 */
export interface EndpointFilters {
  /**
   * Whether the rules, as they were loaded, write refused packets to {@link RulesetOptions.logGroup}: some kernels' nftables cannot.
   * Absent: none are loaded, or they are to write nothing.
   */
  readonly isLogging?: boolean | undefined;
  /**
   * Makes sure that the rules are there, with exactly the filters that this object set or found: what is missing of them comes
   * back, what somebody added goes. Runs `nft` when rules are not as it loaded them, or for the first time: an earlier version may
   * have left others. While a {@link RulesetWatch} hears of no damage, nothing is read.
   *
   * @throws NetfilterError FIREWALL_REFUSED
   */
  ensure(): Promise<FiltersOutcome>;
  /**
   * Gives a link its filter, in place of the one it has; the same filter again puts right what somebody damaged, as `ensure`
   * does. Connections that are open stay open.
   *
   * Without `nft`, a filter without an allow list is let pass unfiltered.
   * @throws NetfilterError NFT_MISSING, FILTER_INVALID, CONNTRACK_UNAVAILABLE; NetlinkError
   */
  set(filter: EndpointFilter): Promise<void>;
  /** Whether filters with `conntrack` `off` can be set here. @throws NetfilterError CONNTRACK_UNAVAILABLE */
  requireUntracked(): Promise<void>;
  /** Takes a link's filter away; nothing happens when it has none. @throws NetlinkError */
  remove(link: string): Promise<void>;
  /** The links that have a filter in the kernel, read anew unless a {@link RulesetWatch} heard of no change since. @throws NetlinkError */
  list(): Promise<string[]>;
  /** What was counted, by link. @throws NetlinkError */
  counters(): Promise<ReadonlyMap<string, FilterCounters>>;
  /**
   * Opens addresses for a while, beside what the links' filters allow, or begins their time anew; of a link without a list nothing is
   * looked at. One transaction that waits for no other change. What was opened outlives this process, and is not told by `list`.
   *
   * @throws NetlinkError `ENOENT` when somebody took the rules away
   */
  open(opened: readonly TimedAddress[]): Promise<void>;
  /** Closes what was opened for a link; nothing happens when nothing was. @throws NetlinkError */
  close(link: string): Promise<void>;
  /**
   * Says that somebody reads names, for the next `timeoutMs`, 1 and more. When nobody has said it for so long, links with
   * `whenAway` `open` are open. `0`: nobody reads from now on.
   *
   * @throws NetlinkError `ENOENT` when somebody took the rules away
   */
  attend(timeoutMs: number): Promise<void>;
  /**
   * Has what links with names in their lists ask in DNS, and the answers, handed to a queue from now on: by nftables, or by iptables
   * and a mark where nftables has no queues. While nobody listens to the queue, they pass. Rules that an earlier process had made stay
   * until then.
   *
   * @throws NetfilterError QUEUE_UNAVAILABLE, NFT_MISSING, FIREWALL_REFUSED
   */
  handDns(to: MarkedQueueOptions): Promise<QueueWay>;
  /** Takes rules and filters away. Nothing happens when there are none. @throws NetfilterError FIREWALL_REFUSED */
  clear(): Promise<void>;
}

const NO_ELEMENTS: LinkElements = new Map();
const NOTHING: Counter = { packets: 0n, bytes: 0n };
const NONE_ASKED: ListCounters = { isListed: false, examined: NOTHING, refused: NOTHING };
const UNCOUNTED: FilterCounters = { spoofed: NOTHING, ingress: NONE_ASKED, egress: NONE_ASKED };
/** What `nft` loads is told in some hundred messages, which are read in a few turns of the event loop. */
const MOST_TURNS = 50;
/** IFNAMSIZ without the NUL */
const MAX_NAME_BYTES = 15;

interface Dependencies {
  readonly nfnetlink: Nfnetlink;
  readonly run: CommandRunner;
  /** The links that lead off the host, as they are now: untracked packets come and go by them. Absent: there are none. */
  readonly uplinks?: (() => Promise<readonly string[]>) | undefined;
  /** Opened with `filterTable` and with `nfnetlink` as `own`; without one, every `ensure` reads all filters. */
  readonly watch?: RulesetWatch | undefined;
}

/** Creates {@link EndpointFilters}; `options.table` names our tables, `options.linkPrefix` the links that they are about. */
export function createEndpointFilters(deps: Dependencies, options: RulesetOptions): EndpointFilters {
  return new KernelEndpointFilters(deps, options);
}

class KernelEndpointFilters implements EndpointFilters {
  readonly #sets: KernelSets;
  readonly #timed: TimedElements;
  readonly #untracked: UntrackedLinks;
  readonly #run: CommandRunner;
  readonly #options: RulesetOptions;
  /** What the kernel has, as far as we know. */
  #present = new Map<string, LinkElements>();
  /** What it has to have; found filters count until they are removed. */
  readonly #wanted: WantedElements;
  /** Of the rules as we loaded them. */
  #fingerprint: string | undefined;
  /** Whether there is an `nft`; undefined before it was looked for. */
  #isAvailable: boolean | undefined;
  #isLogging: boolean | undefined;
  readonly #watch: RulesetWatch | undefined;
  /** Set where DNS is handed over by nftables, or by a mark. */
  #dns: { readonly way: QueueWay; readonly to: MarkedQueueOptions } | undefined;
  /** The directions in which a list has, or had, ranges of ports: the rules are loaded with the first one. */
  readonly #ranged = new Set<Direction>();
  /** Whether the rules leave anything untracked: those are loaded with the first link that wants it. */
  #areUntrackedLoaded = false;
  /** Whether changes of iptables are reported; undefined before it was asked. */
  #isQueueHeard: boolean | undefined;
  /** How often the watch heard of damage, now and before the kernel was last found, or made, to be as wanted. */
  #damages = 0;
  #damagesBefore: number | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor({ nfnetlink, run, uplinks, watch }: Dependencies, options: RulesetOptions) {
    this.#sets = new KernelSets(nfnetlink, options.table);
    this.#untracked = new UntrackedLinks({ run, uplinks });
    this.#timed = new TimedElements(this.#sets);
    this.#run = run;
    this.#watch = watch;
    this.#options = options;
    this.#wanted = new WantedElements((link) => this.#isOurs(link));
    watch?.on('damage', (rules) => {
      if (rules === 'filters') this.#damages += 1;
    });
  }

  get isLogging(): boolean | undefined {
    return this.#isAvailable === true && this.#options.logGroup !== undefined ? this.#isLogging : undefined;
  }

  ensure(): Promise<FiltersOutcome> {
    return this.#inTurn(() => this.#ensure());
  }

  set(filter: EndpointFilter): Promise<void> {
    return this.#inTurn(async () => {
      const elements = indexElements(elementsOf(this.#checked(filter)));
      if (isUntracked(filter)) await this.#untracked.requireSupport();
      const isTurn = this.#untracked.note(filter.link, isUntracked(filter));
      const needsRules = this.#addNeeds(filter);
      // The kernel may not have the filter that it was given.
      const isSame = isEqual(elements, this.#wanted.of(filter.link));
      if (isSame && !isTurn && !needsRules && this.#isSettled(filter.link)) return;
      if (this.#isAvailable === undefined || (this.#isAvailable && (isSame || needsRules))) await this.#ensure();
      if (this.#isAvailable === true) {
        await this.#replace(filter.link, elements);
        if (isTurn) await this.#followUplinks();
      } else if (filter.ingress !== undefined) throw nftMissing('ingress', filter.link);
      else if (filter.egress !== undefined) throw nftMissing('egress', filter.link);
    });
  }

  requireUntracked(): Promise<void> {
    return this.#untracked.requireSupport();
  }

  remove(link: string): Promise<void> {
    return this.#inTurn(async () => {
      const isTurn = this.#untracked.note(link, false);
      if (this.#isAvailable === false) return;
      if (this.#isAvailable === undefined) this.#present = await this.#sets.read();
      if (this.#present.has(link) || this.#wanted.has(link)) await this.#replace(link, NO_ELEMENTS);
      if (isTurn) await this.#followUplinks();
    });
  }

  list(): Promise<string[]> {
    return this.#inTurn(async () => {
      if (!this.#isCertain()) this.#present = await this.#sets.read();
      return [...this.#present.keys()].filter((link) => this.#isOurs(link));
    });
  }

  async counters(): Promise<ReadonlyMap<string, FilterCounters>> {
    const counted = new Map<string, FilterCounters>();
    const count = async (
      family: 'inet' | 'arp',
      set: string,
      change: (before: FilterCounters, counter: Counter) => FilterCounters,
    ): Promise<void> => {
      for (const { key, counter = NOTHING } of await this.#sets.elements(family, set)) {
        const link = linkOfKey(key);
        counted.set(link, change(counted.get(link) ?? UNCOUNTED, counter));
      }
    };
    for (const family of FAMILIES) {
      await count(family, SENDER_SETS.strict, (before, counter) => ({
        ...before,
        spoofed: sum(before.spoofed, counter),
      }));
    }
    for (const direction of DIRECTIONS) {
      for (const kind of ['examined', 'refused'] as const) {
        const set = LIST_SETS[direction][kind === 'examined' ? 'filtered' : 'refused'];
        await count('inet', set, (before, counter) => ({
          ...before,
          [direction]: { ...before[direction], isListed: true, [kind]: counter },
        }));
      }
    }
    return counted;
  }

  open(opened: readonly TimedAddress[]): Promise<void> {
    return this.#timed.open(opened);
  }

  close(link: string): Promise<void> {
    return this.#inTurn(() => this.#timed.close(link));
  }

  attend(timeoutMs: number): Promise<void> {
    return this.#timed.attend(timeoutMs);
  }

  handDns(to: MarkedQueueOptions): Promise<QueueWay> {
    return this.#inTurn(async () => {
      const way = await findQueueWay(this.#run);
      if (way === 'none') throw queueMissing();
      this.#dns = { way, to };
      this.#outdateRules();
      if ((await this.#ensure()) === 'unavailable') throw nftMissing('egress', 'with names');
      return way;
    });
  }

  clear(): Promise<void> {
    return this.#inTurn(async () => {
      const { table } = this.#options;
      const result = await this.#run(['nft', '-f', '-'], deletion(table));
      if (result !== undefined && result.exitCode !== 0) throw failureOf(`removing table ${table}`, 'nft', result);
      await removeMarkedQueue(this.#run, MARKED_CHAIN);
      this.#timed.forget();
      this.#untracked.clear();
      this.#areUntrackedLoaded = false;
      this.#isAvailable = undefined;
      this.#fingerprint = undefined;
      this.#damagesBefore = undefined;
      // Whoever reads DNS goes on: the next rules hand it over as these did.
      this.#present = new Map();
      this.#wanted.reset([]);
    });
  }

  async #ensure(): Promise<FiltersOutcome> {
    if (this.#isCertain()) {
      await this.#followUplinks();
      return (await this.#isQueueCertain()) || !(await this.#ensureQueue()) ? 'present' : 'repaired';
    }
    let damages = this.#damages;
    const isFirst = this.#fingerprint === undefined;
    if (isFirst) await this.#findNeeds();
    const areRulesIntact = !isFirst && this.#fingerprint === (await this.#sets.rulesFingerprint());
    if (!areRulesIntact) this.#isAvailable = await this.#load();
    if (!this.#isAvailable) {
      this.#fingerprint = undefined;
      return 'unavailable';
    }
    if (!areRulesIntact) {
      // What follows sees all of it.
      damages = await this.#afterOwnDamages();
      this.#fingerprint = await this.#sets.rulesFingerprint();
    }
    this.#present = await this.#sets.read();
    if (isFirst) this.#wanted.reset(this.#present);
    await this.#wantUplinks();
    const areFiltersRepaired = await this.#repair();
    await this.#timed.restore();
    const isQueueRepaired = await this.#ensureQueue();
    this.#damagesBefore = damages;
    if (!areRulesIntact) return 'installed';
    return areFiltersRepaired || isQueueRepaired ? 'repaired' : 'present';
  }

  /** The rules have to be loaded anew. */
  #outdateRules(): void {
    if (this.#fingerprint !== undefined) this.#fingerprint = 'of other rules';
    this.#damages += 1;
  }

  /**
   * Whether the rules are to be loaded anew, as they do not look for ranges of ports in a direction where the filter has some, or leave
   * nothing untracked.
   */
  #addNeeds(filter: EndpointFilter): boolean {
    const added = DIRECTIONS.filter((direction) => hasRanges(filter[direction]) && !this.#ranged.has(direction));
    for (const direction of added) this.#ranged.add(direction);
    const isFirstUntracked = isUntracked(filter) && !this.#areUntrackedLoaded;
    this.#areUntrackedLoaded ||= isFirstUntracked;
    const isNeeded = added.length > 0 || isFirstUntracked;
    if (isNeeded) this.#outdateRules();
    return isNeeded;
  }

  /** Filters of the process before may have ranges, or leave packets untracked. */
  async #findNeeds(): Promise<void> {
    for (const { key } of await this.#sets.elements('inet', UNTRACKED_SETS.from)) {
      this.#untracked.note(linkOfKey(key), true);
      this.#areUntrackedLoaded = true;
    }
    for (const direction of DIRECTIONS) {
      if ((await this.#sets.elements('inet', LIST_SETS[direction].ranged)).length > 0) this.#ranged.add(direction);
    }
  }

  /** Has the uplinks as they are now among what is wanted; returns those that are not as they were. */
  async #wantUplinks(): Promise<string[]> {
    const uplinks = await this.#untracked.uplinks();
    const changed = [...new Set([...this.#wanted.others, ...uplinks.keys()])].filter(
      (link) => !isEqual(uplinks.get(link) ?? NO_ELEMENTS, this.#wanted.of(link)),
    );
    for (const link of changed) this.#wanted.set(link, uplinks.get(link) ?? NO_ELEMENTS);
    return changed;
  }

  async #followUplinks(): Promise<void> {
    for (const link of await this.#wantUplinks()) await this.#replace(link, this.#wanted.of(link));
  }

  /** Whether filters are about this link, and not only the way of untracked packets. */
  #isOurs(link: string): boolean {
    return link.startsWith(this.#options.linkPrefix);
  }

  /** Whether nobody changed anything since it was last looked at. */
  #isCertain(): boolean {
    return this.#watch?.isDeaf === false && this.#damagesBefore === this.#damages;
  }

  /** Whether it is certain that the kernel has all that is wanted of a link, and that nothing else is to be looked at. */
  #isSettled(link: string): boolean {
    const isElsewhere = this.#dns?.way === 'iptables' || this.#wanted.others.size > 0 || this.#untracked.isAny;
    return (
      !isElsewhere && this.#isAvailable === true && this.#isCertain() && this.#presentOf(link) === this.#wanted.of(link)
    );
  }

  /** Whether nobody took away the rules of iptables that fill the queue of DNS: of those of iptables-legacy nobody is told. */
  async #isQueueCertain(): Promise<boolean> {
    if (this.#dns?.way !== 'iptables') return true;
    this.#isQueueHeard ??= await areOnNfTables(this.#run);
    return this.#isQueueHeard;
  }

  /** Makes sure of them; says whether something was missing. */
  async #ensureQueue(): Promise<boolean> {
    return this.#dns?.way === 'iptables' && (await ensureMarkedQueue(this.#run, this.#dns.to));
  }

  /** The damages when what `nft` did for us has been told: its own are among them. */
  async #afterOwnDamages(): Promise<number> {
    let damages: number;
    let turns = 0;
    do {
      damages = this.#damages;
      await nextTurn();
      await nextTurn();
    } while (damages !== this.#damages && ++turns < MOST_TURNS);
    return damages;
  }

  /** Makes the elements that were read those that are wanted; says whether they were not. */
  async #repair(): Promise<boolean> {
    const surplus = [...this.#present].flatMap(([link, elements]) => difference(elements, this.#wanted.of(link)));
    const missing = [...this.#wanted].flatMap(([link, elements]) => difference(elements, this.#presentOf(link)));
    await this.#sets.change(surplus, missing, 'of all links');
    this.#present = new Map(this.#wanted);
    return surplus.length + missing.length > 0;
  }

  /**
   * Loads the rules. Sets of another version, with other keys, are in the way: then everything is made anew. A kernel that cannot log
   * gets rules that do not.
   */
  async #load(): Promise<boolean> {
    const { logGroup, ...withoutLog } = this.#options;
    const load = (script: string): ReturnType<CommandRunner> => this.#run(['nft', '-f', '-'], script);
    const anew = deletion(this.#options.table);
    const needs = { dns: targetOf(this.#dns), ranged: this.#ranged, isUntracked: this.#areUntrackedLoaded };
    const script = rulesetScript(this.#options, needs);
    this.#isLogging = logGroup !== undefined;
    const result = await load(script);
    if (result === undefined) return false;
    if (result.exitCode === 0) return true;
    const again = await load(anew + script);
    if (again?.exitCode === 0) return true;
    this.#isLogging = false;
    if (logGroup !== undefined && (await load(anew + rulesetScript(withoutLog, needs)))?.exitCode === 0) return true;
    throw failureOf(`filters of containers in table ${this.#options.table}`, 'nft', again);
  }

  async #replace(link: string, wanted: LinkElements): Promise<void> {
    this.#wanted.set(link, wanted);
    try {
      await this.#change(link, wanted);
    } catch (error) {
      // Somebody took elements or all of it away: find out what is there, and try once more.
      if (!isNetlinkError(error, 'ENOENT')) throw error;
      this.#damages += 1;
      if (wanted.size > 0) await this.#ensure();
      this.#present = await this.#sets.read();
      await this.#change(link, wanted);
    }
  }

  async #change(link: string, wanted: LinkElements): Promise<void> {
    const present = this.#presentOf(link);
    await this.#sets.change(difference(present, wanted), difference(wanted, present), link);
    if (wanted.size === 0) this.#present.delete(link);
    else this.#present.set(link, wanted);
  }

  #presentOf(link: string): LinkElements {
    return this.#present.get(link) ?? NO_ELEMENTS;
  }

  #checked(filter: EndpointFilter): EndpointFilter {
    const { linkPrefix } = this.#options;
    if (this.#isOurs(filter.link) && Buffer.byteLength(filter.link) <= MAX_NAME_BYTES) return filter;
    const reason = `links with a filter have names of at most ${MAX_NAME_BYTES} bytes that start with ${linkPrefix}`;
    throw new NetfilterError({ code: 'FILTER_INVALID', operation: `filter of link "${filter.link}"`, reason });
  }

  /** One after another: each is planned from what the one before it left. */
  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const done = this.#last.then(task);
    this.#last = done.catch(() => undefined);
    return done;
  }
}

/** Naming a table creates it, so that deleting it cannot fail. */
function deletion(table: string): string {
  return FAMILIES.map((family) => `table ${family} ${table}\ndelete table ${family} ${table}\n`).join('');
}

function difference(one: LinkElements, other: LinkElements): Element[] {
  if (one === other) return [];
  return [...one].filter(([id]) => !other.has(id)).map(([, element]) => element);
}

function isEqual(one: LinkElements, other: LinkElements): boolean {
  return one.size === other.size && difference(one, other).length === 0;
}

function sum(one: Counter, other: Counter): Counter {
  return { packets: one.packets + other.packets, bytes: one.bytes + other.bytes };
}

function targetOf(dns: { readonly way: QueueWay; readonly to: MarkedQueueOptions } | undefined): DnsTarget | undefined {
  if (dns === undefined) return undefined;
  return dns.way === 'nft' ? { queue: dns.to.queue } : { mark: dns.to.mark };
}

function queueMissing(): NetfilterError {
  const reason =
    'this kernel hands packets to no program, as it has neither queue of nftables (NFT_QUEUE) nor NFQUEUE of iptables: ' +
    'list addresses and prefixes instead of names';
  return new NetfilterError({ code: 'QUEUE_UNAVAILABLE', operation: 'names in lists of destinations', reason });
}

function nftMissing(direction: Direction, link: string): NetfilterError {
  const operation = `allow list of link ${link}`;
  const reason = `the program "nft" is not installed on this host: install the package nftables, or omit routed.${direction}`;
  return new NetfilterError({ code: 'NFT_MISSING', operation, reason });
}
