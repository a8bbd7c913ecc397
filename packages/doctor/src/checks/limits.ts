import { DOCTOR_SETTINGS, type HostSetting, ROUTE_PROTOCOL } from '@routed/datapath';
import { type Check, defineCheck, type Finding } from '../check.ts';
import type { HostView } from '../host-view.ts';

type Family = 4 | 6;

/** One of the two neighbour tables, which all network namespaces share. */
export interface NeighbourFacts {
  readonly family: Family;
  /** Above it entries are thrown out after 5 s; undefined where the limits cannot be seen, as in a container. */
  readonly soft: number | undefined;
  /** Above it there are no new ones. */
  readonly hard: number | undefined;
  /** Entries of all namespaces; undefined: not known. */
  readonly used: number | undefined;
  /** How often the table was full since boot. */
  readonly overflows: number;
  readonly endpoints: number;
}

/**
 * Entries that a container keeps in use: its gateway; with IPv6 also its link-local address, on the host. Multicast entries, up to four
 * more with IPv6, are thrown out first. What the host has for containers is permanent, and not counted by the kernel.
 * Counted on Linux 6.18 with Docker 20.10 on 2026-11-24. Source: linux net/core/neighbour.c neigh_alloc, neigh_forced_gc.
 */
const ENTRIES_PER_ENDPOINT: Readonly<Record<Family, number>> = { 4: 1, 6: 2 };

const LIMITS: Readonly<Record<Family, readonly HostSetting[]>> = {
  4: [DOCTOR_SETTINGS.neighboursIpv4First, DOCTOR_SETTINGS.neighboursIpv4Second, DOCTOR_SETTINGS.neighboursIpv4Third],
  6: [DOCTOR_SETTINGS.neighboursIpv6First, DOCTOR_SETTINGS.neighboursIpv6Second, DOCTOR_SETTINGS.neighboursIpv6Third],
};

export const neighboursCheck = defineCheck<readonly NeighbourFacts[]>({
  id: 'neighbours',
  title: 'the neighbour tables have room for the containers',
  read: async (host) => [await readNeighbours(host, 4), await readNeighbours(host, 6)],
  judge: (tables) => tables.flatMap(judgeTable),
});

function judgeTable({ family, soft, hard, used, overflows, endpoints }: NeighbourFacts): Finding[] {
  if (soft === undefined || hard === undefined) return [];
  const perEndpoint = ENTRIES_PER_ENDPOINT[family];
  const needed = Math.max(used ?? 0, endpoints * perEndpoint);
  const allowed = Math.floor(soft / perEndpoint);
  const isFull = overflows > 0 || needed >= hard;
  // Half full is the time to act: a burst of starts doubles what is in use.
  if (!isFull && needed <= soft / 2) return [];
  const past = overflows > 0 ? `, and was full ${overflows} times since boot` : '';
  return [
    {
      severity: isFull ? 'broken' : 'warning',
      found: `the IPv${family} neighbour table, one for all network namespaces, has about ${needed} entries of ${soft} (at most ${hard})${past}`,
      why: `that allows about ${allowed} containers, and there are ${endpoints}: beyond that, new containers cannot reach their gateway ("neighbour table overflow")`,
      remedy: 'run with --fix',
      fixes: LIMITS[family].map(({ key, value }) => ({ kind: 'sysctl', key, value })),
    },
  ];
}

async function readNeighbours(host: HostView, family: Family): Promise<NeighbourFacts> {
  const limit = async (number: 2 | 3): Promise<number | undefined> =>
    numberOf(await host.sysctl(`net/ipv${family}/neigh/default/gc_thresh${number}`));
  const statistics = neighbourStatistics(
    (await host.file(`/proc/net/stat/${family === 4 ? 'arp' : 'ndisc'}_cache`)) ?? '',
  );
  const routes = await host.routes();
  const endpoints = routes.filter((route) => route.family === family && route.protocol === ROUTE_PROTOCOL).length;
  return { family, soft: await limit(2), hard: await limit(3), ...statistics, endpoints };
}

/** Reads /proc/net/stat/arp_cache: one row for each processor, in hexadecimal; the entries are those of all. Pure. */
export function neighbourStatistics(text: string): Pick<NeighbourFacts, 'used' | 'overflows'> {
  const [head = '', ...rows] = text.trim().split('\n');
  const names = head.split(/\s+/);
  const column = (row: string, name: string): number => parseInt(row.split(/\s+/)[names.indexOf(name)] ?? '', 16);
  const overflows = rows.map((row) => column(row, 'table_fulls')).filter((count) => !Number.isNaN(count));
  return {
    used: rows[0] === undefined ? undefined : column(rows[0], 'entries'),
    overflows: overflows.reduce((sum, count) => sum + count, 0),
  };
}

export const conntrackCheck = defineCheck<{
  readonly used: number | undefined;
  readonly max: number | undefined;
}>({
  id: 'conntrack',
  title: 'the connection tracking table has room',
  read: async (host) => ({
    used: numberOf(await host.sysctl('net/netfilter/nf_conntrack_count')),
    max: numberOf(await host.sysctl(DOCTOR_SETTINGS.conntrack.key)),
  }),
  judge: ({ used, max }) => {
    if (used === undefined || max === undefined || max === 0 || used <= max * 0.8) return [];
    const value = String(Math.max(Number(DOCTOR_SETTINGS.conntrack.value), max * 4));
    return [
      {
        severity: used > max * 0.95 ? 'broken' : 'warning',
        found: `connection tracking has ${used} entries of at most ${max}`,
        why: 'when it is full, packets of new connections are dropped ("nf_conntrack: table full")',
        remedy: 'run with --fix',
        fixes: [{ kind: 'sysctl', key: DOCTOR_SETTINGS.conntrack.key, value }],
      },
    ];
  },
});

export const multipathCheck = defineCheck<
  readonly { readonly family: Family; readonly policy: string | undefined; readonly example: string | undefined }[]
>({
  id: 'multipath',
  title: 'multipath routes spread connections',
  read: async (host) => {
    const routes = await host.routes();
    const read = async (family: Family) => ({
      family,
      policy: await host.sysctl(hashPolicy(family).key),
      example: routes.find((route) => route.family === family && route.nextHops.length > 1)?.destination,
    });
    return [await read(4), await read(6)];
  },
  judge: (families) =>
    families
      .filter(({ family, policy, example }) => example !== undefined && policy === hashPolicy(family).insteadOf)
      .map(({ family, example }) => ({
        severity: 'warning',
        found: `${hashPolicy(family).key} is 0, and there are multipath routes, such as ${example ?? ''}`,
        why: 'all connections between two addresses take one path: one host serves an anycast address, or one uplink carries everything',
        remedy: 'run with --fix: each connection is then hashed separately',
        fixes: [{ kind: 'sysctl', key: hashPolicy(family).key, value: hashPolicy(family).value }],
      })),
});

function hashPolicy(family: Family): (typeof DOCTOR_SETTINGS)['multipathIpv4' | 'multipathIpv6'] {
  return family === 4 ? DOCTOR_SETTINGS.multipathIpv4 : DOCTOR_SETTINGS.multipathIpv6;
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined || !/^\d+$/.test(text) ? undefined : Number(text);
}

export const limitsChecks: readonly Check[] = [neighboursCheck, conntrackCheck, multipathCheck];
