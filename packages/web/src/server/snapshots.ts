import type { CheckResult } from '@routed/doctor';
import type { DriverReport } from '@routed/driver';
import type { RouterReport } from '@routed/quagga/show';
import { type Latency, MOST_PROBLEMS, type Neighbor, type Overview, type Uplink } from '../shape/overview.ts';
import { gradually } from '@routed/driver/steps';
import type { Peers } from './peers.ts';
import { problemsOf } from './problems.ts';
import { Rates } from './rates.ts';
import { Remembered } from './remembered.ts';
import { type Rows, rowsOf } from './rows.ts';
import type { WebSources } from './sources.ts';

const FRESH_MS = 1_000;
/** With 10,000 endpoints a snapshot takes a twentieth of a second of one core: then it is made every second, too. */
const COST_FACTOR = 20;
const ROUTERS_MS = 5_000;
const LINKS_MS = 2_000;
/** Docker may take long to list thousands of containers, and what it says has to be read. */
const NAMES_MS = 2_000;
const NAMES_COST_FACTOR = 100;
const EXAMINATION_MS = 60_000;
/** Each examination starts a process, and reads all the daemon knows. */
const EXAMINATION_COST_FACTOR = 100;

/** The host at one moment. */
export interface Snapshot {
  readonly overview: Overview;
  readonly rows: Rows;
}

/** Looks at the host when somebody asks: at most once a second, however many ask, and in slices. */
export class Snapshots {
  readonly #sources: WebSources;
  readonly #host: string;
  readonly #peers: Peers;
  readonly #startedAt = new Date(Date.now() - process.uptime() * 1000).toISOString();
  readonly #rates = new Rates();
  readonly #snapshot: Remembered<Snapshot>;
  readonly #routers: Remembered<RouterReport>;
  readonly #uplinks: Remembered<Uplink[]>;
  readonly #latencies: Remembered<readonly Latency[]>;
  readonly #names: Remembered<unknown>;
  readonly #examination: Remembered<{ readonly at: string; readonly results: readonly CheckResult[] }>;

  /** @param host its name, for people */
  constructor(sources: WebSources, { host, peers }: { readonly host: string; readonly peers: Peers }) {
    this.#sources = sources;
    this.#host = host;
    this.#peers = peers;
    this.#snapshot = new Remembered(() => this.#make(), { freshMs: FRESH_MS, costFactor: COST_FACTOR });
    this.#routers = new Remembered(() => sources.routers(), { freshMs: ROUTERS_MS, costFactor: COST_FACTOR });
    const links = async (): Promise<Uplink[]> => this.#rates.of(await sources.uplinks(), performance.now());
    this.#uplinks = new Remembered(links, { freshMs: LINKS_MS, costFactor: COST_FACTOR });
    this.#latencies = new Remembered(() => sources.latencies(), { freshMs: FRESH_MS });
    this.#names = new Remembered(() => sources.refreshNames(), { freshMs: NAMES_MS, costFactor: NAMES_COST_FACTOR });
    this.#examination = new Remembered(
      async () => ({ results: await sources.examine(), at: new Date().toISOString() }),
      { freshMs: EXAMINATION_MS, costFactor: EXAMINATION_COST_FACTOR },
    );
  }

  /** The host as it was at most a second ago; longer, where looking takes long. @throws what the driver throws */
  async current(): Promise<Snapshot> {
    await this.#snapshot.refresh();
    const snapshot = this.#snapshot.value;
    if (snapshot === undefined) throw new Error(this.#snapshot.error ?? 'nothing is known yet');
    return snapshot;
  }

  async #make(): Promise<Snapshot> {
    // These take their time: what they say now is shown the next time.
    void this.#routers.refresh();
    void this.#examination.refresh();
    await Promise.all([this.#uplinks.refresh(), this.#latencies.refresh()]);
    const report = await gradually(this.#sources.report());
    const rows = await gradually(rowsOf(report));
    if (rows.areNamesMissing) void this.#names.refresh();
    return { overview: this.#overviewOf(report, rows), rows };
  }

  #overviewOf(report: DriverReport, { networks, totals }: Rows): Overview {
    const problems = problemsOf(report, this.#examination.value?.results ?? []);
    const names = new Map(networks.map(({ id, name }) => [id, name]));
    return {
      schemaVersion: 1,
      host: this.#host,
      version: report.version,
      startedAt: this.#startedAt,
      problems: problems.slice(0, MOST_PROBLEMS),
      problemCount: problems.filter(({ severity }) => severity !== 'note').length,
      examination: this.#examinationState(),
      totals,
      networks,
      blocks: report.blocks.map(({ networkId, prefix, leased, size, rivals }) => {
        const network = networkId === undefined ? undefined : names.get(networkId);
        return { prefix, leased, size, rivals, ...(network !== undefined && { network }) };
      }),
      conflicts: report.conflicts.map(({ address, state, holders, reason, since }) => {
        return { address, state, holders, reason, since };
      }),
      uplinks: this.#uplinks.value ?? [],
      routers: (this.#routers.value?.daemons ?? []).filter(({ answers }) => answers).map(({ daemon }) => daemon),
      neighbors: (this.#routers.value?.neighbors ?? []).map(neighborOf),
      latencies: this.#latencies.value ?? [],
      peers: this.#peers.overview(),
    };
  }

  #examinationState(): Overview['examination'] {
    const { value, error } = this.#examination;
    if (error !== undefined) return { state: 'failed', reason: error };
    return value === undefined ? { state: 'running' } : { state: 'done', at: value.at };
  }
}

function neighborOf({ prefixes, ...found }: RouterReport['neighbors'][number]): Neighbor {
  const { protocol, neighbor, link, state, isUp, upSec } = found;
  const sum = (key: 'sent' | 'received'): number => (prefixes ?? []).reduce((total, each) => total + each[key], 0);
  const counts = prefixes === undefined ? {} : { sent: sum('sent'), received: sum('received') };
  return { protocol, neighbor, link, state, isUp, upSec, ...counts };
}
