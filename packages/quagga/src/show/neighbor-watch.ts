import { type NeighborReport, readNeighbors, type RouterNeighbors } from './neighbors.ts';
import type { RouterLines, RouterName } from './router-lines.ts';

/** A neighbor with the number of its losses, whoever counted them. */
export type WatchedNeighbor = NeighborReport & { readonly flaps: number };

/** What is known of the routers of this host at one moment. */
export interface RouterReport {
  /** Each daemon that has answered since the watch began, and whether it did this time. */
  readonly daemons: readonly { readonly daemon: RouterName; readonly answers: boolean }[];
  readonly neighbors: readonly WatchedNeighbor[];
}

/** Who asks again within that time gets the same answer, so that no client can keep the daemons busy. */
const FRESH_MS = 5_000;
/** How long an OSPF neighbor that has gone is shown as down: ospfd itself forgets it at once. */
const GONE_MS = 3_600_000;
/** What the daemons round, and the time that a question takes. */
const SLACK_SEC = 2;

const DAEMON_OF = { bgp: 'bgpd', ospf: 'ospfd', ospf6: 'ospf6d', bfd: 'bfdd' } as const;

interface Seen {
  readonly report: WatchedNeighbor;
  readonly atMs: number;
}

/**
 * The neighbors of this host's routers, for metrics. It asks only when it is asked.
 *
 * bgpd and bfdd count losses themselves. Those of OSPF adjacencies are counted here: as many as can be seen from one
 * question to the next.
 */
export class NeighborWatch {
  readonly #lines: RouterLines;
  readonly #freshMs: number;
  readonly #nowMs: () => number;
  readonly #known = new Set<RouterName>();
  /** OSPF adjacencies by protocol, neighbor and link. */
  readonly #adjacencies = new Map<string, Seen>();
  #last: { readonly atMs: number; readonly report: Promise<RouterReport> } | undefined;

  /**
   * @param deps.freshMs how long an answer is kept; default 5,000
   * @param deps.nowMs a clock that never goes back; default `performance.now`
   */
  constructor(deps: { readonly lines: RouterLines; readonly freshMs?: number; readonly nowMs?: () => number }) {
    this.#lines = deps.lines;
    this.#freshMs = deps.freshMs ?? FRESH_MS;
    this.#nowMs = deps.nowMs ?? (() => performance.now());
  }

  /** At most `freshMs` old. Takes as long as the slowest daemon, at most the deadline of `lines`. */
  report(): Promise<RouterReport> {
    const atMs = this.#nowMs();
    if (this.#last !== undefined && atMs - this.#last.atMs < this.#freshMs) return this.#last.report;
    const report = this.#read();
    this.#last = { atMs, report };
    return report;
  }

  async #read(): Promise<RouterReport> {
    const found = await readNeighbors(this.#lines);
    for (const daemon of found.answered) this.#known.add(daemon);
    const counted = found.neighbors.filter(({ protocol }) => protocol === 'bgp' || protocol === 'bfd');
    return {
      daemons: [...this.#known].sort().map((daemon) => ({ daemon, answers: found.answered.includes(daemon) })),
      neighbors: [...counted.map((one) => ({ ...one, flaps: one.flaps ?? 0 })), ...this.#countAdjacencies(found)],
    };
  }

  #countAdjacencies({ answered, neighbors }: RouterNeighbors): WatchedNeighbor[] {
    const atMs = this.#nowMs();
    const present = neighbors.filter(({ protocol }) => protocol === 'ospf' || protocol === 'ospf6');
    const keys = new Set(present.map(keyOf));
    for (const [key, seen] of this.#adjacencies) {
      if (keys.has(key) || !answered.includes(DAEMON_OF[seen.report.protocol])) continue;
      if (seen.report.isUp) this.#adjacencies.set(key, { report: gone(seen.report), atMs });
      else if (atMs - seen.atMs > GONE_MS) this.#adjacencies.delete(key);
    }
    for (const report of present) {
      const before = this.#adjacencies.get(keyOf(report));
      const flaps = (before?.report.flaps ?? 0) + (before !== undefined && wasLost(before, report, atMs) ? 1 : 0);
      this.#adjacencies.set(keyOf(report), { report: { ...report, flaps }, atMs });
    }
    return [...this.#adjacencies.values()]
      .filter(({ report }) => answered.includes(DAEMON_OF[report.protocol]))
      .map(({ report }) => report);
  }
}

function keyOf({ protocol, neighbor, link }: NeighborReport): string {
  return `${protocol} ${neighbor} ${link}`;
}

function gone(report: WatchedNeighbor): WatchedNeighbor {
  return { ...report, state: 'gone', isUp: false, upSec: 0, flaps: report.flaps + 1 };
}

/** It was Full, and is down, or has not been up all the time since. From 2-Way, which routers also pass through, it may go on. */
function wasLost(before: Seen, now: NeighborReport, atMs: number): boolean {
  if (!/^Full\b/i.test(before.report.state)) return false;
  return !now.isUp || now.upSec + SLACK_SEC < (atMs - before.atMs) / 1000;
}
