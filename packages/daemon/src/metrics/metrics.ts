import type { MeteredState, ReconcileMetrics } from '@routed/driver';
import type { CallObserver, CallOutcome } from '@routed/plugin-server';
import { isNetlinkError } from '@routed/netns';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Up to 10 s: what takes longer is stuck. */
const CALL_BUCKETS_SECONDS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 10];
const NANOSECONDS = 1e9;

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

  /** Adds what is read from the daemon's parts when the metrics are asked for. */
  watch(state: MeteredState): void {
    this.#gauge('routed_networks', 'Networks.', () => state.networks());
    this.#gauge('routed_endpoints_joined', 'Endpoints that are in a container.', () => state.endpoints().joined);
    this.#gauge('routed_endpoints_idle', 'Endpoints that are in no container.', () => state.endpoints().idle);
    this.#gauge('routed_links_to_delete', 'Links that wait for their deletion.', () => state.linksToDelete());
    this.#perPool('routed_pool_leases', 'Leased addresses of a pool.', state, ({ leased }) => leased);
    this.#perPool('routed_pool_size', 'Addresses that a pool can give out by itself.', state, ({ size }) =>
      Number(size),
    );
    this.#byKind('routed_forgotten_total', 'What Docker forgot and was freed, by kind.', () => state.forgotten());
    this.#byKind('routed_cluster_events_total', 'What was met of addresses of other hosts, by kind.', () =>
      state.cluster(),
    );
    new Gauge({
      name: 'routed_address_conflicts',
      help: 'Addresses of containers that another host announces as well, by what this host does.',
      labelNames: ['state'],
      registers: [this.#registry],
      collect() {
        for (const [name, count] of Object.entries(state.conflicts())) this.set({ state: name }, count);
      },
    });
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

  #byKind(name: string, help: string, read: () => object): void {
    new Counter({
      name,
      help,
      labelNames: ['kind'],
      registers: [this.#registry],
      collect() {
        this.reset();
        for (const [kind, count] of Object.entries(read())) this.inc({ kind }, count as number);
      },
    });
  }

  #perPool(
    name: string,
    help: string,
    state: MeteredState,
    read: (pool: { readonly size: bigint; readonly leased: number }) => number,
  ): void {
    new Gauge({
      name,
      help,
      labelNames: ['pool'],
      registers: [this.#registry],
      collect() {
        this.reset();
        for (const pool of state.pools()) this.set({ pool: pool.id }, read(pool));
      },
    });
  }
}
