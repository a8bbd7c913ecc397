import type { Direction } from '../allow-list/allow-list.ts';
import type { Counter } from '../codec/set-elements.ts';
import type { MarkedQueueOptions, QueueWay } from '../queue/queue-rules.ts';
import type { EndpointFilter } from './layout.ts';
import type { TimedAddress } from './timed-elements.ts';

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
  /** Takes the filters of links away, in one transaction; nothing happens where there is none. @throws NetlinkError */
  remove(...links: readonly string[]): Promise<void>;
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
