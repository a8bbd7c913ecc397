import { setImmediate as nextTurn } from 'node:timers/promises';
import { isNetlinkError } from '@routed/netns';
import type { Nfnetlink } from '@routed/netns/nfnetlink';
import type { Direction } from '../allow-list/allow-list.ts';
import type { CommandRunner } from '../command-runner.ts';
import { NetfilterError } from '../netfilter-error.ts';
import type { MarkedQueueOptions, QueueWay } from '../queue/queue-rules.ts';
import type { RulesetWatch } from '../ruleset-watch.ts';
import type { EndpointFilters, FilterCounters, FiltersOutcome } from './contract.ts';
import { DnsHandover } from './dns-handover.ts';
import { readCounters } from './filter-counters.ts';
import { FiltersInForce, NO_ELEMENTS } from './filters-in-force.ts';
import { indexElements, KernelSets, type LinkElements } from './kernel-sets.ts';
import { elementsOf, type EndpointFilter, isUntracked } from './layout.ts';
import { LoadedRules } from './loaded-rules.ts';
import type { RulesetOptions } from './ruleset.ts';
import { type TimedAddress, TimedElements } from './timed-elements.ts';
import { UntrackedLinks } from './untracked-links.ts';

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
  readonly #linkPrefix: string;
  readonly #sets: KernelSets;
  readonly #rules: LoadedRules;
  readonly #inForce: FiltersInForce;
  readonly #timed: TimedElements;
  readonly #untracked: UntrackedLinks;
  readonly #dns: DnsHandover;
  readonly #watch: RulesetWatch | undefined;
  /** How often the watch heard of damage, now and before the kernel was last found, or made, to be as wanted. */
  #damages = 0;
  #damagesBefore: number | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor({ nfnetlink, run, uplinks, watch }: Dependencies, options: RulesetOptions) {
    const sets = new KernelSets(nfnetlink, options.table);
    this.#linkPrefix = options.linkPrefix;
    this.#sets = sets;
    this.#dns = new DnsHandover(run);
    this.#rules = new LoadedRules({ run, sets, dns: this.#dns }, options);
    this.#inForce = new FiltersInForce(sets, (link) => this.#isOurs(link));
    this.#untracked = new UntrackedLinks({ run, sets, uplinks });
    this.#timed = new TimedElements(sets);
    this.#watch = watch;
    watch?.on('damage', (rules) => {
      if (rules === 'filters') this.#damages += 1;
    });
  }

  get isLogging(): boolean | undefined {
    return this.#rules.isLogging;
  }

  ensure(): Promise<FiltersOutcome> {
    return this.#inTurn(() => this.#ensure());
  }

  set(filter: EndpointFilter): Promise<void> {
    return this.#inTurn(async () => {
      const { link } = filter;
      const elements = indexElements(elementsOf(this.#checked(filter)));
      if (isUntracked(filter)) await this.#untracked.requireSupport();
      const isTurn = this.#untracked.note(link, isUntracked(filter));
      const needsRules = this.#rules.need(filter);
      if (needsRules) this.#damages += 1;
      // The kernel may not have the filter that it was given.
      const isSame = this.#inForce.isWanted(link, elements);
      if (isSame && !isTurn && !needsRules && this.#isSettled(link)) return;
      const { isAvailable } = this.#rules;
      if (isAvailable === undefined || (isAvailable && (isSame || needsRules))) await this.#ensure();
      if (this.#rules.isAvailable === true) {
        await this.#replace(new Map([[link, elements]]));
        if (isTurn) await this.#followUplinks();
      } else if (filter.ingress !== undefined) throw nftMissing('ingress', link);
      else if (filter.egress !== undefined) throw nftMissing('egress', link);
    });
  }

  requireUntracked(): Promise<void> {
    return this.#untracked.requireSupport();
  }

  remove(...links: readonly string[]): Promise<void> {
    return this.#inTurn(async () => {
      const turns = links.map((link) => this.#untracked.note(link, false));
      const { isAvailable } = this.#rules;
      if (isAvailable === false) return;
      if (isAvailable === undefined) await this.#inForce.read();
      const filtered = links.filter((link) => this.#inForce.has(link));
      if (filtered.length > 0) await this.#replace(new Map(filtered.map((link) => [link, NO_ELEMENTS])));
      if (turns.includes(true)) await this.#followUplinks();
    });
  }

  list(): Promise<string[]> {
    return this.#inTurn(async () => {
      if (!this.#isCertain()) await this.#inForce.read();
      return this.#inForce.presentLinks().filter((link) => this.#isOurs(link));
    });
  }

  counters(): Promise<ReadonlyMap<string, FilterCounters>> {
    return readCounters(this.#sets);
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
      const way = await this.#dns.choose(to);
      this.#rules.outdate();
      this.#damages += 1;
      if ((await this.#ensure()) === 'unavailable') throw nftMissing('egress', 'with names');
      return way;
    });
  }

  clear(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#rules.remove();
      this.#damagesBefore = undefined;
      await this.#dns.remove();
      this.#timed.forget();
      this.#untracked.clear();
      this.#inForce.forget();
    });
  }

  async #ensure(): Promise<FiltersOutcome> {
    if (this.#isCertain()) {
      await this.#followUplinks();
      return (await this.#dns.isCertain()) || !(await this.#dns.ensure()) ? 'present' : 'repaired';
    }
    let damages = this.#damages;
    const isFirst = !this.#rules.areLoaded;
    if (isFirst) await this.#untracked.find();
    const rules = await this.#rules.ensure(async () => {
      // What follows sees all of it.
      damages = await this.#afterOwnDamages();
    });
    if (rules === 'unavailable') return 'unavailable';
    await this.#inForce.read();
    if (isFirst) this.#inForce.adopt();
    await this.#wantUplinks();
    const areFiltersRepaired = await this.#inForce.repair();
    await this.#timed.restore();
    const isQueueRepaired = await this.#dns.ensure();
    this.#damagesBefore = damages;
    if (rules === 'loaded') return 'installed';
    return areFiltersRepaired || isQueueRepaired ? 'repaired' : 'present';
  }

  /** Has the uplinks as they are now among what is wanted; returns those that are not as they were. */
  async #wantUplinks(): Promise<string[]> {
    const uplinks = await this.#untracked.uplinks();
    const changed = [...new Set([...this.#inForce.wantedOthers, ...uplinks.keys()])].filter(
      (link) => !this.#inForce.isWanted(link, uplinks.get(link) ?? NO_ELEMENTS),
    );
    for (const link of changed) this.#inForce.want(link, uplinks.get(link) ?? NO_ELEMENTS);
    return changed;
  }

  async #followUplinks(): Promise<void> {
    const changed = await this.#wantUplinks();
    if (changed.length > 0) await this.#replace(new Map(changed.map((link) => [link, this.#inForce.wantedOf(link)])));
  }

  /** Whether filters are about this link, and not only the way of untracked packets. */
  #isOurs(link: string): boolean {
    return link.startsWith(this.#linkPrefix);
  }

  /** Whether nobody changed anything since it was last looked at. */
  #isCertain(): boolean {
    return this.#watch?.isDeaf === false && this.#damagesBefore === this.#damages;
  }

  /** Whether it is certain that the kernel has all that is wanted of a link, and that nothing else is to be looked at. */
  #isSettled(link: string): boolean {
    const isElsewhere = this.#dns.isByIptables || this.#inForce.wantedOthers.size > 0 || this.#untracked.isAny;
    const { isAvailable } = this.#rules;
    return !isElsewhere && isAvailable === true && this.#isCertain() && this.#inForce.isSettled(link);
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

  async #replace(wanted: ReadonlyMap<string, LinkElements>): Promise<void> {
    try {
      await this.#inForce.replace(wanted);
    } catch (error) {
      // Somebody took elements or all of it away: find out what is there, and try once more.
      if (!isNetlinkError(error, 'ENOENT')) throw error;
      this.#damages += 1;
      if ([...wanted.values()].some(({ size }) => size > 0)) await this.#ensure();
      await this.#inForce.read();
      await this.#inForce.replace(wanted);
    }
  }

  #checked(filter: EndpointFilter): EndpointFilter {
    if (this.#isOurs(filter.link) && Buffer.byteLength(filter.link) <= MAX_NAME_BYTES) return filter;
    const reason = `links with a filter have names of at most ${MAX_NAME_BYTES} bytes that start with ${this.#linkPrefix}`;
    throw new NetfilterError({ code: 'FILTER_INVALID', operation: `filter of link "${filter.link}"`, reason });
  }

  /** One after another: each is planned from what the one before it left. */
  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const done = this.#last.then(task);
    this.#last = done.catch(() => undefined);
    return done;
  }
}

function nftMissing(direction: Direction, link: string): NetfilterError {
  const operation = `allow list of link ${link}`;
  const reason = `the program "nft" is not installed on this host: install the package nftables, or omit routed.${direction}`;
  return new NetfilterError({ code: 'NFT_MISSING', operation, reason });
}
