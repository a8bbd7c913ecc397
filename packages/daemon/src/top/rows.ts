import type { DaemonReport } from '@routed/driver';
import type { LinkCounters } from './link-counters.ts';

/** What a container sends and gets by one network at the moment. */
export interface TopRow {
  /** By name, or by the start of the ids where Docker has not said. */
  readonly container: string;
  readonly network: string;
  readonly addresses: readonly string[];
  readonly link: string;
  readonly inBitsPerSec: number;
  readonly outBitsPerSec: number;
  readonly inPacketsPerSec: number;
  readonly outPacketsPerSec: number;
  /** First packets of connections that lists refused, or would have, since they were set. */
  readonly refused: number;
  /** How much of its limit is used, in the direction that uses more of it: 1 is all; absent: there is no limit. */
  readonly limitUse?: number;
}

/** What rows are sorted by, the most first; names from a to z. */
export const SORT_KEYS = ['in', 'out', 'packets', 'refused', 'limit', 'name'] as const;
export type SortKey = (typeof SORT_KEYS)[number];

/** What all containers have been counted, at one moment. */
export interface Sample {
  readonly counters: ReadonlyMap<string, LinkCounters>;
  /** Of a clock that only goes forward, in milliseconds. */
  readonly atMs: number;
}

/** What is shown. */
export interface Choice {
  readonly sort: SortKey;
  /** Only containers of this network, by its name or the start of its id; absent: of all. */
  readonly network?: string;
}

const WEIGHTS: Readonly<Record<Exclude<SortKey, 'name'>, (row: TopRow) => number>> = {
  in: ({ inBitsPerSec }) => inBitsPerSec,
  out: ({ outBitsPerSec }) => outBitsPerSec,
  packets: ({ inPacketsPerSec, outPacketsPerSec }) => inPacketsPerSec + outPacketsPerSec,
  refused: ({ refused }) => refused,
  limit: ({ limitUse }) => limitUse ?? -1,
};
const BITS = 8;
const ID_DIGITS = 12;
const NOTHING: LinkCounters = { inBytes: 0, inPackets: 0, outBytes: 0, outPackets: 0 };

/**
 * The rows of all endpoints in a container, between two samples. Pure. A link that was made, or made anew, meanwhile is counted from 0.
 */
export function topRows(
  report: Pick<DaemonReport, 'endpoints' | 'lists'>,
  [before, after]: readonly [Sample, Sample],
  { sort, network }: Choice,
): readonly TopRow[] {
  const seconds = (after.atMs - before.atMs) / 1000;
  const refused = new Map<string, number>();
  for (const list of report.lists) refused.set(list.endpointId, (refused.get(list.endpointId) ?? 0) + list.refused);
  const rows = report.endpoints.flatMap((endpoint): TopRow[] => {
    const now = after.counters.get(endpoint.link);
    if (endpoint.sandboxKey === undefined || now === undefined || !isOn(endpoint, network)) return [];
    const then = before.counters.get(endpoint.link) ?? NOTHING;
    const perSecond = (key: keyof LinkCounters): number => {
      const count = now[key] < then[key] ? now[key] : now[key] - then[key];
      return seconds > 0 ? count / seconds : 0;
    };
    const [inBitsPerSec, outBitsPerSec] = [perSecond('inBytes') * BITS, perSecond('outBytes') * BITS];
    const uses = [useOf(inBitsPerSec, endpoint.rateIn), useOf(outBitsPerSec, endpoint.rateOut)];
    const used = uses.filter((use) => use !== undefined);
    return [
      {
        container: endpoint.container ?? endpoint.id.slice(0, ID_DIGITS),
        network: endpoint.network ?? endpoint.networkId.slice(0, ID_DIGITS),
        addresses: endpoint.addresses,
        link: endpoint.link,
        inBitsPerSec,
        outBitsPerSec,
        inPacketsPerSec: perSecond('inPackets'),
        outPacketsPerSec: perSecond('outPackets'),
        refused: refused.get(endpoint.id) ?? 0,
        ...(used.length > 0 && { limitUse: Math.max(...used) }),
      },
    ];
  });
  return rows.sort((one, other) => compare(one, other, sort));
}

/** Those that are equal stay in the order of their names, so that rows do not dance. */
function compare(one: TopRow, other: TopRow, sort: SortKey): number {
  const byWeight = sort === 'name' ? 0 : WEIGHTS[sort](other) - WEIGHTS[sort](one);
  return byWeight || one.container.localeCompare(other.container) || one.network.localeCompare(other.network);
}

function isOn({ network, networkId }: DaemonReport['endpoints'][number], wanted: string | undefined): boolean {
  return wanted === undefined || network === wanted || networkId.startsWith(wanted);
}

/** Source: the canonical form of a rate, as `formatRate` of the driver writes it: `100mbit`, `1gbit burst 1m`. */
function useOf(bitsPerSec: number, limit: string | undefined): number | undefined {
  const [, digits, prefix = ''] = /^(\d+)([kmgt]?)bit/.exec(limit ?? '') ?? [];
  return digits === undefined
    ? undefined
    : bitsPerSec / (Number(digits) * 1000 ** ['', 'k', 'm', 'g', 't'].indexOf(prefix));
}
