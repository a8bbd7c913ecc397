import type { DaemonCounts, ReconcileMetrics } from '@routed/driver';
import type { CallObserver, CallOutcome } from '@routed/plugin-server';
import { isNetlinkError } from '@routed/netns';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Up to 10 s: what takes longer is stuck. */
const CALL_BUCKETS_SECONDS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 10];
const NANOSECONDS = 1e9;
/** Kinds of what was met of other hosts' addresses, and where they are counted. */
const CLUSTER_EVENTS = [
  ['candidate-skipped', 'candidatesSkipped'],
  ['request-refused', 'requestsRefused'],
  ['join-refused', 'joinsRefused'],
  ['conflict-found', 'conflictsFound'],
  ['conflict-ended', 'conflictsEnded'],
  ['yielded', 'yielded'],
  ['resumed', 'resumed'],
] as const;

/**
 * The daemon's metrics, in Prometheus' text format.
 *
 * Source: Prometheus documentation, "Metric and label naming".
 */
export class Metrics implements CallObserver, ReconcileMetrics {
  readonly #registry = new Registry();
  readonly #calls: Histogram<'method' | 'outcome'>;
  readonly #repairs: Counter<'kind'>;
  readonly #rounds: Histogram;
  readonly #netlinkErrors: Counter<'code'>;
  #readCounts: (() => DaemonCounts) | undefined;
  /** As they are at this scrape. */
  #counts: DaemonCounts | undefined;
  readonly #loopDelay = monitorEventLoopDelay({ resolution: 20 });

  constructor() {
    const registers = [this.#registry];
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
    this.#netlinkErrors = new Counter({
      name: 'routed_netlink_errors_total',
      help: 'Requests that the kernel refused and that failed a call or a repair, by error.',
      labelNames: ['code'],
      registers,
    });
    this.#gauge(
      'routed_event_loop_delay_p99_seconds',
      'Delay of the event loop, 99th percentile since the last scrape.',
      () => {
        const seconds = this.#loopDelay.percentile(99) / NANOSECONDS;
        this.#loopDelay.reset();
        return seconds;
      },
    );
    this.#gauge('process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss());
    this.#gauge('process_start_time_seconds', 'Start of the process since the Unix epoch.', () =>
      Math.round(Date.now() / 1000 - process.uptime()),
    );
    this.#loopDelay.enable();
  }

  /** Adds what the daemon counts, read once when the metrics are asked for. */
  watch(readCounts: () => DaemonCounts): void {
    this.#readCounts = readCounts;
    this.#single('routed_networks', 'Networks.', ({ totals }) => totals.networks);
    this.#single('routed_endpoints_joined', 'Endpoints that are in a container.', ({ totals }) => totals.joined);
    this.#single(
      'routed_announced',
      'Endpoints in a container that other hosts are told of.',
      ({ totals }) => totals.announced,
    );
    this.#single('routed_endpoints_idle', 'Endpoints that are in no container.', ({ totals }) => totals.idle);
    this.#single('routed_links_to_delete', 'Links that wait for their deletion.', ({ linksToDelete }) => linksToDelete);
    this.#labelled(Gauge, 'routed_pool_leases', 'Leased addresses of a pool.', 'pool', ({ pools }) =>
      pools.map(({ id, leased }) => [id, leased]),
    );
    this.#labelled(Gauge, 'routed_pool_size', 'Addresses that a pool can give out by itself.', 'pool', ({ pools }) =>
      pools.map(({ id, size }) => [id, Number(size)]),
    );
    this.#labelled(Counter, 'routed_forgotten_total', 'What Docker forgot and was freed, by kind.', 'kind', (counts) =>
      Object.entries(counts.forgotten),
    );
    this.#labelled(
      Counter,
      'routed_cluster_events_total',
      'What was met of addresses of other hosts, by kind.',
      'kind',
      ({ cluster }) => CLUSTER_EVENTS.map(([kind, key]) => [kind, cluster[key]]),
    );
    this.#labelled(
      Gauge,
      'routed_address_conflicts',
      'Addresses of containers that another host announces as well, by what this host does.',
      'state',
      ({ totals }) => Object.entries(totals.conflicts),
    );
  }

  /** A call of Docker's has ended. */
  onCall(method: string, outcome: CallOutcome, seconds: number): void {
    this.#calls.observe({ method, outcome }, seconds);
  }

  /** A round of the reconciler has ended. */
  observeRound(seconds: number): void {
    this.#rounds.observe(seconds);
  }

  /** A repair was done. */
  countRepair(kind: string): void {
    this.#repairs.inc({ kind });
  }

  /** Something failed; counted if it was the kernel that refused. */
  onError(error: unknown): void {
    if (isNetlinkError(error)) this.#netlinkErrors.inc({ code: error.code });
  }

  /** All metrics, and the content type of their format. */
  async render(): Promise<{ readonly contentType: string; readonly text: string }> {
    this.#counts = this.#readCounts?.();
    return { contentType: this.#registry.contentType, text: await this.#registry.metrics() };
  }

  /** Ends what runs in the background. */
  stop(): void {
    this.#loopDelay.disable();
  }

  #gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.#registry],
      collect() {
        this.set(read());
      },
    });
  }

  #single(name: string, help: string, pick: (counts: DaemonCounts) => number): void {
    this.#gauge(name, help, () => (this.#counts === undefined ? 0 : pick(this.#counts)));
  }

  /** One value for each label. */
  #labelled(
    Kind: typeof Gauge | typeof Counter,
    name: string,
    help: string,
    label: string,
    pick: (counts: DaemonCounts) => readonly (readonly [string, number])[],
  ): void {
    const update = (metric: Gauge | Counter): void => {
      metric.reset();
      for (const [value, count] of this.#counts === undefined ? [] : pick(this.#counts)) {
        metric.inc({ [label]: value }, count);
      }
    };
    new Kind({
      name,
      help,
      labelNames: [label],
      registers: [this.#registry],
      collect() {
        update(this);
      },
    });
  }
}
