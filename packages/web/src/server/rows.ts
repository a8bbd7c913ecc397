import type { DriverReport } from '@routed/driver';
import type { AddressPage, AddressRow } from '../shape/addresses.ts';
import type { AddressState, NetworkSummary, SampleContainer, Totals } from '../shape/overview.ts';
import type { Steps } from '@routed/driver/steps';

/** Containers that are drawn by themselves, of all networks together, and of one at least and at most. */
const SAMPLES = 96;
const FEWEST_SAMPLES = 2;
const MOST_SAMPLES = 24;

type EndpointStatus = DriverReport['endpoints'][number];

/** An address, and where it is: its row is made when it is asked for, since ten thousand a second would keep the collector busy. */
interface Candidate {
  readonly address: string;
  readonly network: string;
  readonly state: AddressState;
  readonly endpoint: EndpointStatus;
}

/** The addresses of the host at one moment, those that need a look first. */
export interface Rows {
  readonly all: readonly Candidate[];
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
  const odd: Candidate[] = [];
  const plain: Candidate[] = [];
  const tallies = new Map<string, Tally>();
  const totals = { networks: report.networks.length, endpoints: 0, addresses: 0, announced: 0, withdrawn: 0, idle: 0 };
  let areNamesMissing = false;
  for (const endpoint of report.endpoints) {
    areNamesMissing ||= endpoint.container === undefined && endpoint.sandboxKey !== undefined;
    const network = endpoint.network ?? names.get(endpoint.networkId) ?? endpoint.networkId.slice(0, 12);
    const usual = stateOf(endpoint);
    let state: AddressState = usual;
    for (const address of endpoint.addresses) {
      const own = conflicts.has(address) ? 'conflict' : usual;
      if (own === 'conflict') state = own;
      const isOdd = own === 'conflict' || own === 'withdrawn' || endpoint.closedBy !== undefined;
      (isOdd ? odd : plain).push({ address, network, state: own, endpoint });
    }
    const tally = tallyOf(tallies, endpoint.networkId);
    tally.endpoints++;
    totals.endpoints++;
    totals.addresses += endpoint.addresses.length;
    if (state === 'idle') totals.idle++;
    else if (endpoint.announcement?.isAnnounced === true) {
      totals.announced++;
      tally.announced++;
    } else totals.withdrawn++;
    noteSample(tally, endpoint, state);
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
      (state === undefined || candidate.state === state) && (words.length === 0 || hasAll(candidate, words));
    if (matches) {
      if (total >= offset && rows.length < limit) rows.push(rowOf(candidate));
      total++;
    }
    yield;
  }
  return { total, offset, rows };
}

function nameOf({ id, container }: EndpointStatus): string {
  return container ?? id.slice(0, 12);
}

function hasAll({ address, network, endpoint }: Candidate, words: readonly string[]): boolean {
  const text = `${address} ${nameOf(endpoint)} ${network}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

function rowOf({ address, network, state, endpoint }: Candidate): AddressRow {
  const { announcement, rateIn, rateOut, closedBy } = endpoint;
  return {
    address,
    container: nameOf(endpoint),
    network,
    state,
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

function tallyOf(tallies: Map<string, Tally>, networkId: string): Tally {
  const known = tallies.get(networkId);
  if (known !== undefined) return known;
  const tally: Tally = { endpoints: 0, announced: 0, odd: [], plain: [] };
  tallies.set(networkId, tally);
  return tally;
}

function noteSample({ odd, plain }: Tally, endpoint: EndpointStatus, state: AddressState): void {
  const into = state === 'announced' || state === 'idle' ? plain : odd;
  if (into.length < MOST_SAMPLES) into.push({ name: nameOf(endpoint), addresses: endpoint.addresses, state });
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
