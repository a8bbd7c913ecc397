import type { DaemonCounts } from '@routed/driver';
import { Counter, Gauge, type Registry } from 'prom-client';
import { type PickedMetric, single, watchPicked } from './picked.ts';

/** Drains: how they end, and where that is counted. */
const DRAIN_EVENTS = [
  ['endpoint', 'begun', 'begun'],
  ['endpoint', 'ended', 'ended'],
  ['host', 'begun', 'begun'],
  ['host', 'ended', 'ended'],
  ['stop', 'begun', 'begun'],
  ['stop', 'empty', 'empty'],
  ['stop', 'time-over', 'timeOver'],
  ['stop', 'ended', 'ended'],
] as const;

/** Whether an address is announced, with its names: as many series as the host has addresses. */
export interface AnnouncedAddress {
  readonly address: string;
  /** By name, or by the start of its endpoint's id where Docker has not said. */
  readonly container: string;
  readonly network: string;
  readonly isAnnounced: boolean;
}

const STATES: readonly PickedMetric<DaemonCounts>[] = [
  {
    Kind: Gauge,
    name: 'routed_endpoints',
    help: 'Endpoints that are in a container, by policy, state and reason of their announcement.',
    labelNames: ['policy', 'state', 'reason'],
    values: ({ announcements }) =>
      announcements.map(({ policy, isAnnounced, reason, endpoints }) => {
        return [[policy, isAnnounced ? 'announced' : 'withdrawn', reason], endpoints];
      }),
  },
  single('routed_draining', 'Endpoints in a container that are drained.', ({ drains }) => drains.draining),
];

const DRAINS: PickedMetric<DaemonCounts> = {
  Kind: Counter,
  name: 'routed_drains_total',
  help: 'Drains that began and ended, by what is drained.',
  labelNames: ['kind', 'event'],
  values: ({ drains }) =>
    DRAIN_EVENTS.map(([kind, event, key]) => {
      const counts: Readonly<Partial<Record<typeof key, number>>> = drains[kind];
      return [[kind, event], counts[key] ?? 0];
    }),
};

const CONNECTIONS_LEFT = single(
  'routed_drain_connections_left',
  'Live connections of others to what is drained.',
  (count: number) => count,
);

const ADDRESSES: PickedMetric<readonly AnnouncedAddress[]> = {
  Kind: Gauge,
  name: 'routed_address_announced',
  help: 'Whether an address of a container is announced: 1 or 0.',
  labelNames: ['address', 'network', 'container'],
  values: (addresses) =>
    addresses.map(({ address, network, container, isAnnounced }) => {
      return [[address, network, container], isAnnounced ? 1 : 0];
    }),
};

/** What the metrics of announcements are read from. */
interface AnnouncementSources {
  readonly counts: () => DaemonCounts | undefined;
  readonly connectionsLeft: () => number;
  /** Absent: no metric for each address. */
  readonly addresses?: (() => readonly AnnouncedAddress[]) | undefined;
}

/** Adds the metrics of what is announced, and of drains. */
export function watchAnnouncements(
  registry: Registry,
  { counts, connectionsLeft, addresses }: AnnouncementSources,
): void {
  watchPicked(registry, STATES, counts);
  watchPicked(registry, [CONNECTIONS_LEFT], connectionsLeft);
  watchPicked(registry, [DRAINS], counts);
  if (addresses !== undefined) watchPicked(registry, [ADDRESSES], addresses);
}
