import type {
  AnnouncementMetrics,
  DaemonCounts,
  FilteredPackets,
  LimitRow,
  NamesReport,
  ReconcileMetrics,
} from '@routed/driver';
import type { MethodName } from '@routed/plugin-protocol';
import type { CallObserver, CallOutcome } from '@routed/plugin-server';
import { hasBrand } from '../ground/our-errors.ts';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { watchProcess } from './process-metrics.ts';
import { type CallLatency, latenciesOf } from './latencies.ts';
import { type AnnouncedAddress, watchAnnouncements } from './announcement-metrics.ts';
import { watchCounts } from './count-metrics.ts';
import { watchLimits } from './limit-metrics.ts';
import { type AskedList, watchLists } from './list-metrics.ts';
import { watchNames } from './names-metrics.ts';
import { type RouterReport, watchRouters } from './router-metrics.ts';

/** Up to 10 s: what takes longer is stuck. */
const CALL_BUCKETS_SECONDS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 10];
/** From what a route message takes to what an overloaded host takes. */
const WITHDRAWAL_BUCKETS_SECONDS = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5];
const NANOSECONDS = 1e9;

/** The calls that start and end containers: what alerts watch. */
const WATCHED_CALLS = [
  'IpamDriver.RequestAddress',
  'IpamDriver.ReleaseAddress',
  'NetworkDriver.CreateNetwork',
  'NetworkDriver.CreateEndpoint',
  'NetworkDriver.Join',
  'NetworkDriver.Leave',
  'NetworkDriver.DeleteEndpoint',
] as const satisfies readonly MethodName[];

/** The repairs that others cause most. */
const REPAIR_KINDS = ['add-route', 'delete-route', 'set-link', 'set-neighbour', 'rules'] as const;

/** What is read when the metrics are asked for, once each. */
export interface MetricSources {
  readonly counts: () => DaemonCounts;
  /** The live connections to what is drained; undefined: the kernel could not be asked. */
  readonly connectionsLeft: () => Promise<number | undefined>;
  /** What limits of endpoints have done; undefined: the kernel could not be asked. Absent: nobody counts. */
  readonly limits?: () => Promise<readonly LimitRow[] | undefined>;
  /** Has Docker asked for the names of its networks; absent: ids stand in their place. */
  readonly refreshNames?: () => Promise<void>;
  /** Packets that filters dropped; absent: nobody counts. */
  readonly filtered?: () => Promise<FilteredPackets>;
  /** How names in lists are followed; undefined: no list has any. Absent: nobody says. */
  readonly names?: () => Promise<NamesReport | undefined>;
  /** Absent: no metric for each address. */
  readonly addresses?: () => readonly AnnouncedAddress[];
  /** Absent: no metrics for each list. */
  readonly lists?: () => Promise<readonly AskedList[]>;
  /** Absent: no metrics of routers and their neighbors. */
  readonly routers?: () => Promise<RouterReport>;
}

/**
 * The daemon's metrics, in Prometheus' text format.
 *
 * Source: Prometheus documentation, "Metric and label naming".
 */
export class Metrics implements CallObserver, ReconcileMetrics, AnnouncementMetrics {
  readonly #registry = new Registry();
  readonly #calls: Histogram<'method' | 'outcome'>;
  readonly #repairs: Counter<'kind'>;
  readonly #rounds: Histogram;
  readonly #netlinkErrors: Counter<'code'>;
  readonly #withdrawals: Histogram;
  #sources: MetricSources | undefined;
  /** As they are at this scrape. */
  #counts: DaemonCounts | undefined;
  #connectionsLeft = 0;
  #filtered: FilteredPackets = { ingress: 0, egress: 0, spoofed: 0 };
  #routers: RouterReport | undefined;
  #lists: readonly AskedList[] = [];
  #limits: readonly LimitRow[] = [];
  #names: NamesReport | undefined;
  readonly #loopDelay = monitorEventLoopDelay({ resolution: 20 });

  constructor() {
    const registers = [this.#registry];
    const loopDelay = this.#loopDelay;
    this.#calls = new Histogram({
      name: 'routed_plugin_call_seconds',
      help: 'Time that calls of Docker took, by method and outcome.',
      labelNames: ['method', 'outcome'],
      buckets: CALL_BUCKETS_SECONDS,
      registers,
    });
    this.#repairs = new Counter({
      name: 'routed_repairs_total',
      help: 'Repairs of what others changed in the kernel, by kind.',
      labelNames: ['kind'],
      registers,
    });
    this.#rounds = new Histogram({
      name: 'routed_reconcile_seconds',
      help: 'Time that comparing the kernel with what should be there took.',
      buckets: CALL_BUCKETS_SECONDS,
      registers,
    });
    this.#withdrawals = new Histogram({
      name: 'routed_withdraw_seconds',
      help: "Time from an event of Docker's to the withdrawal that follows from it, in the kernel.",
      buckets: WITHDRAWAL_BUCKETS_SECONDS,
      registers,
    });
    this.#netlinkErrors = new Counter({
      name: 'routed_netlink_errors_total',
      help: 'Requests that the kernel refused and that failed a call or a repair, by error.',
      labelNames: ['code'],
      registers,
    });
    new Gauge({
      name: 'routed_event_loop_delay_p99_seconds',
      help: 'Delay of the event loop, 99th percentile since the last scrape.',
      registers,
      collect() {
        this.set(loopDelay.percentile(99) / NANOSECONDS);
        loopDelay.reset();
      },
    });
    watchProcess(this.#registry);
    // A rate needs a series before the first failure, and the first repair.
    for (const method of WATCHED_CALLS) this.#calls.zero({ method, outcome: 'failed' });
    for (const kind of REPAIR_KINDS) this.#repairs.inc({ kind }, 0);
    this.#loopDelay.enable();
  }

  /** Adds what the daemon counts. */
  watch(sources: MetricSources): void {
    this.#sources = sources;
    watchAnnouncements(this.#registry, {
      counts: () => this.#counts,
      connectionsLeft: () => this.#connectionsLeft,
      addresses: sources.addresses,
    });
    if (sources.routers !== undefined) watchRouters(this.#registry, () => this.#routers);
    watchLists(this.#registry, {
      filtered: () => this.#filtered,
      lists: sources.lists && (() => this.#lists),
    });
    watchCounts(this.#registry, () => this.#counts);
    watchLimits(this.#registry, () => this.#limits);
    watchNames(this.#registry, () => this.#names);
  }

  /** A call of Docker's has ended. */
  onCall(method: string, outcome: CallOutcome, seconds: number): void {
    this.#calls.observe({ method, outcome }, seconds);
  }

  /** A round of the reconciler has ended. */
  observeRound(seconds: number): void {
    this.#rounds.observe(seconds);
  }

  /** A withdrawal for an event of Docker's is in the kernel. */
  observeWithdrawal(seconds: number): void {
    this.#withdrawals.observe(seconds);
  }

  /** A repair was done. */
  countRepair(kind: string): void {
    this.#repairs.inc({ kind });
  }

  /** Something failed; counted if it was the kernel that refused. */
  onError(error: unknown): void {
    if (hasBrand(error, '@routed/netns.NetlinkError')) this.#netlinkErrors.inc({ code: error.code });
  }

  /** How long the calls that start and end containers took, and withdrawals. */
  async latencies(): Promise<CallLatency[]> {
    const [calls, withdrawals] = await Promise.all([this.#calls.get(), this.#withdrawals.get()]);
    return latenciesOf(calls.values, withdrawals.values);
  }

  /** All metrics, and the content type of their format. */
  async render(): Promise<{ readonly contentType: string; readonly text: string }> {
    await this.#sources?.refreshNames?.();
    this.#counts = this.#sources?.counts();
    // Asked at once, since each may take its time.
    const routers = this.#sources?.routers?.();
    const filtered = this.#sources?.filtered?.();
    const limits = this.#sources?.limits?.();
    this.#connectionsLeft = (await this.#sources?.connectionsLeft()) ?? Number.NaN;
    this.#routers = await routers;
    this.#lists = (await this.#sources?.lists?.()) ?? [];
    this.#filtered = (await filtered) ?? this.#filtered;
    this.#limits = (await limits) ?? [];
    this.#names = await this.#sources?.names?.();
    return { contentType: this.#registry.contentType, text: await this.#registry.metrics() };
  }

  /** Ends what runs in the background. */
  stop(): void {
    this.#loopDelay.disable();
  }
}
