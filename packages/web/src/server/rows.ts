import type { DriverReport } from '@routed/driver';
import type { AddressPage, AddressRow } from '../shape/addresses.ts';
import type { AddressState, NetworkSummary, SampleContainer, Totals } from '../shape/overview.ts';
import type { Steps } from './gradually.ts';

/** Containers that are drawn by themselves, of all networks together, and of one at least and at most. */
const SAMPLES = 96;
const FEWEST_SAMPLES = 2;
const MOST_SAMPLES = 24;

type EndpointStatus = DriverReport['endpoints'][number];

/** A row, and the text that a search looks at. */
interface Searchable {
  readonly row: AddressRow;
  readonly text: string;
}

/** The addresses of the host at one moment, those that need a look first. */
export interface Rows {
  readonly all: readonly Searchable[];
  readonly networks: readonly NetworkSummary[];
  readonly totals: Totals;
  /** Whether Docker has not named a container yet. */
  readonly areNamesMissing: boolean;
}

/** Which addresses are asked for. */
export interface RowQuery {
  /** Part of an address, or of the name of a container or a network; empty: any. */
  readonly text: string;
  /** Exactly this address, container, or network is not asked for: only those that are in this state. Absent: any. */
  readonly state?: AddressState | undefined;
  readonly offset: number;
  readonly limit: number;
}

interface Tally {
  endpoints: number;
  announced: number;
  readonly odd: SampleContainer[];
  readonly plain: SampleContainer[];
}

/** Makes the rows of a report, in steps of one endpoint. */
export function* rowsOf(report: DriverReport): Steps<Rows> {
  const conflicts = new Set(report.conflicts.map(({ address }) => address));
  const names = new Map(report.networks.map(({ id, name }) => [id, name ?? id.slice(0, 12)]));
  const odd: Searchable[] = [];
  const plain: Searchable[] = [];
  const tallies = new Map<string, Tally>();
  const totals = { networks: report.networks.length, endpoints: 0, addresses: 0, announced: 0, withdrawn: 0, idle: 0 };
  let areNamesMissing = false;
  for (const endpoint of report.endpoints) {
    areNamesMissing ||= endpoint.container === undefined && endpoint.sandboxKey !== undefined;
    const network = endpoint.network ?? names.get(endpoint.networkId) ?? endpoint.networkId.slice(0, 12);
    const rows = endpoint.addresses.map((address) => rowOf(endpoint, { address, network, conflicts }));
    const state = worstOf(rows);
    for (const row of rows) {
      const text = `${row.address} ${row.container} ${row.network}`.toLowerCase();
      (needsLook(row) ? odd : plain).push({ row, text });
    }
    const tally = tallyOf(tallies, endpoint.networkId);
    tally.endpoints++;
    totals.endpoints++;
    totals.addresses += rows.length;
    if (state === 'idle') totals.idle++;
    else if (endpoint.announcement?.isAnnounced === true) {
      totals.announced++;
      tally.announced++;
    } else totals.withdrawn++;
    noteSample(tally, { name: nameOf(endpoint), addresses: endpoint.addresses, state });
    yield;
  }
  const samples = Math.max(FEWEST_SAMPLES, Math.min(MOST_SAMPLES, Math.floor(SAMPLES / report.networks.length)));
  const networks = report.networks.map((network) => summaryOf(network, tallies.get(network.id), samples));
  for (const row of plain) {
    odd.push(row);
    yield;
  }
  return { all: odd, networks, totals, areNamesMissing };
}

/** Those that match, as many as are asked for, in steps. */
export function* search({ all }: Rows, { text, state, offset, limit }: RowQuery): Steps<AddressPage> {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const rows: AddressRow[] = [];
  let total = 0;
  for (const candidate of all) {
    const matches =
      (state === undefined || candidate.row.state === state) && words.every((word) => candidate.text.includes(word));
    if (matches) {
      if (total >= offset && rows.length < limit) rows.push(candidate.row);
      total++;
    }
    yield;
  }
  return { total, offset, rows };
}

function nameOf({ id, container }: EndpointStatus): string {
  return container ?? id.slice(0, 12);
}

function rowOf(
  endpoint: EndpointStatus,
  place: { readonly address: string; readonly network: string; readonly conflicts: ReadonlySet<string> },
): AddressRow {
  const { address, network, conflicts } = place;
  const { announcement, rateIn, rateOut, closedBy } = endpoint;
  return {
    address,
    container: nameOf(endpoint),
    network,
    state: conflicts.has(address) ? 'conflict' : stateOf(endpoint),
    reason: announcement?.reason ?? 'in no container',
    ...(announcement?.since !== undefined && { since: announcement.since }),
    ...(rateIn !== undefined && { rateIn }),
    ...(rateOut !== undefined && { rateOut }),
    ...(closedBy !== undefined && { closedBy }),
  };
}

function stateOf({ announcement }: EndpointStatus): AddressState {
  if (announcement === undefined) return 'idle';
  return announcement.isAnnounced ? 'announced' : 'withdrawn';
}

function needsLook({ state, closedBy }: AddressRow): boolean {
  return state === 'conflict' || state === 'withdrawn' || closedBy !== undefined;
}

function worstOf(rows: readonly AddressRow[]): AddressState {
  return rows.find(({ state }) => state === 'conflict')?.state ?? rows[0]?.state ?? 'idle';
}

function tallyOf(tallies: Map<string, Tally>, networkId: string): Tally {
  const known = tallies.get(networkId);
  if (known !== undefined) return known;
  const tally: Tally = { endpoints: 0, announced: 0, odd: [], plain: [] };
  tallies.set(networkId, tally);
  return tally;
}

function noteSample({ odd, plain }: Tally, container: SampleContainer): void {
  const into = container.state === 'announced' || container.state === 'idle' ? plain : odd;
  if (into.length < MOST_SAMPLES) into.push(container);
}

function summaryOf(
  { id, name, pools }: DriverReport['networks'][number],
  tally: Tally | undefined,
  samples: number,
): NetworkSummary {
  const { endpoints = 0, announced = 0, odd = [], plain = [] } = tally ?? {};
  return {
    id,
    name: name ?? id.slice(0, 12),
    pools,
    endpoints,
    announced,
    sample: [...odd, ...plain].slice(0, samples),
  };
}
