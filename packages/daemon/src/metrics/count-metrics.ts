import type { DaemonCounts } from '@routed/driver';
import { Counter, Gauge, type Registry } from 'prom-client';
import { type PickedMetric, single, watchPicked } from './picked.ts';

type Count = PickedMetric<DaemonCounts>;

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

const BLOCKS: readonly Count[] = [
  {
    Kind: Gauge,
    name: 'routed_block_leases',
    help: 'Leased addresses of a block of this host.',
    labelNames: ['block'],
    values: ({ blocks }) => blocks.map(({ prefix, leased }) => [[prefix], leased]),
  },
  {
    Kind: Gauge,
    name: 'routed_block_size',
    help: 'Addresses of a block of this host.',
    labelNames: ['block'],
    values: ({ blocks }) => blocks.map(({ prefix, size }) => [[prefix], size]),
  },
  single(
    'routed_block_conflicts',
    'Blocks of this host that another host announces as well.',
    ({ blocks }) => blocks.filter(({ rivals }) => rivals.length > 0).length,
  ),
];

const ENDPOINTS: readonly Count[] = [
  single('routed_networks', 'Networks.', ({ totals }) => totals.networks),
  single('routed_endpoints_joined', 'Endpoints that are in a container.', ({ totals }) => totals.joined),
  single(
    'routed_announced',
    'Endpoints in a container that other hosts are told of.',
    ({ totals }) => totals.announced,
  ),
  single('routed_endpoints_idle', 'Endpoints that are in no container.', ({ totals }) => totals.idle),
  single(
    'routed_endpoints_untracked',
    'Endpoints in a container whose connections with other hosts are not tracked.',
    ({ totals }) => totals.untracked ?? 0,
  ),
  single('routed_links_to_delete', 'Links that wait for their deletion.', ({ linksToDelete }) => linksToDelete),
];

const POOLS: readonly Count[] = [
  {
    Kind: Gauge,
    name: 'routed_pool_leases',
    help: 'Leased addresses of a pool.',
    labelNames: ['pool', 'network'],
    values: ({ pools }) => pools.map(({ id, leased, networks }) => [[id, networks.join(',')], leased]),
  },
  {
    Kind: Gauge,
    name: 'routed_pool_kept',
    help: 'Leased addresses of a pool that are kept for containers that do not have them now.',
    labelNames: ['pool', 'network'],
    values: ({ pools }) => pools.map(({ id, kept, networks }) => [[id, networks.join(',')], kept]),
  },
  {
    Kind: Gauge,
    name: 'routed_pool_size',
    help: 'Addresses that a pool can give out by itself.',
    labelNames: ['pool', 'network'],
    values: ({ pools }) => pools.map(({ id, size, networks }) => [[id, networks.join(',')], size]),
  },
];

const EVENTS: readonly Count[] = [
  {
    Kind: Counter,
    name: 'routed_forgotten_total',
    help: 'What Docker forgot and was freed, by kind.',
    labelNames: ['kind'],
    values: (counts) => Object.entries(counts.forgotten).map(([kind, count]) => [[kind], count]),
  },
  {
    Kind: Counter,
    name: 'routed_cluster_events_total',
    help: 'What was met of addresses of other hosts, by kind.',
    labelNames: ['kind'],
    values: ({ cluster }) => CLUSTER_EVENTS.map(([kind, key]) => [[kind], cluster[key]]),
  },
  {
    Kind: Gauge,
    name: 'routed_address_conflicts',
    help: 'Addresses of containers that another host announces as well, by what this host does.',
    labelNames: ['state'],
    values: ({ totals }) => Object.entries(totals.conflicts).map(([state, count]) => [[state], count]),
  },
];

/** Adds the metrics of what the host has: blocks, endpoints, pools, and what was met of other hosts' addresses. */
export function watchCounts(registry: Registry, read: () => DaemonCounts | undefined): void {
  watchPicked(registry, [...BLOCKS, ...ENDPOINTS, ...POOLS, ...EVENTS], read);
}
