import type { RouterReport, WatchedNeighbor } from '@routed/quagga/show';
import { Counter, Gauge, type Registry } from 'prom-client';
import { labelled, type LabelledValues } from './labelled.ts';

export type { RouterReport };

type Pick = (neighbor: WatchedNeighbor) => LabelledValues;

const NEIGHBOR = ['protocol', 'neighbor', 'link'] as const;

interface NeighborMetric {
  readonly Kind: typeof Gauge | typeof Counter;
  readonly name: string;
  readonly help: string;
  /** Beside those of the neighbor. */
  readonly labels?: readonly string[];
  readonly pick: Pick;
}

const prefixes =
  (pick: (count: NonNullable<WatchedNeighbor['prefixes']>[number]) => number | undefined): Pick =>
  (neighbor) =>
    (neighbor.prefixes ?? []).flatMap((count) => {
      const value = pick(count);
      return value === undefined ? [] : [[[count.family], value] as const];
    });

const NEIGHBOR_METRICS: readonly NeighborMetric[] = [
  {
    Kind: Gauge,
    name: 'routed_router_neighbor_up',
    help: 'Whether the session with a neighbor of the router is up: 1 or 0.',
    pick: ({ isUp }) => [[[], isUp ? 1 : 0]],
  },
  {
    Kind: Gauge,
    name: 'routed_router_neighbor_state',
    help: 'State of the session with a neighbor, as its daemon calls it; always 1.',
    labels: ['state'],
    pick: ({ state }) => [[[state], 1]],
  },
  {
    Kind: Gauge,
    name: 'routed_router_neighbor_up_seconds',
    help: 'How long the session with a neighbor has been up; 0 while it is not.',
    pick: ({ upSec }) => [[[], upSec]],
  },
  {
    Kind: Counter,
    name: 'routed_router_neighbor_flaps_total',
    help: 'How often the session with a neighbor was lost.',
    pick: ({ flaps }) => [[[], flaps]],
  },
  {
    Kind: Gauge,
    name: 'routed_router_neighbor_last_error',
    help: 'Why a BGP session ended last; always 1.',
    labels: ['reason'],
    pick: ({ lastError }) => (lastError === undefined ? [] : [[[lastError], 1]]),
  },
  {
    Kind: Gauge,
    name: 'routed_router_prefixes_received',
    help: 'Prefixes that a BGP neighbor announces and that the import policy accepts.',
    labels: ['family'],
    pick: prefixes(({ received }) => received),
  },
  {
    Kind: Gauge,
    name: 'routed_router_prefixes_sent',
    help: 'Prefixes that are announced to a BGP neighbor.',
    labels: ['family'],
    pick: prefixes(({ sent }) => sent),
  },
  {
    Kind: Gauge,
    name: 'routed_router_prefixes_limit',
    help: 'maximum-prefix of a BGP neighbor.',
    labels: ['family', 'action'],
    pick: ({ prefixes: counts }) =>
      (counts ?? []).flatMap(({ family, limit }) =>
        limit === undefined ? [] : [[[family, limit.endsSession ? 'end-session' : 'warn'], limit.prefixes] as const],
      ),
  },
  {
    Kind: Counter,
    name: 'routed_router_bfd_packets_total',
    help: 'Control packets of a BFD session.',
    labels: ['direction'],
    pick: ({ packets }) =>
      packets === undefined
        ? []
        : [
            [['received'], packets.received],
            [['sent'], packets.sent],
          ],
  },
];

/** Registers the metrics of this host's routers and their neighbors. `report` is what was read for this scrape. */
export function watchRouters(registry: Registry, report: () => RouterReport | undefined): void {
  labelled(
    registry,
    Gauge,
    {
      name: 'routed_router_daemon_up',
      help: 'Whether a routing daemon that has answered before still answers: 1 or 0.',
      labelNames: ['daemon'],
    },
    () => (report()?.daemons ?? []).map(({ daemon, answers }) => [[daemon], answers ? 1 : 0]),
  );
  for (const { Kind, name, help, labels = [], pick } of NEIGHBOR_METRICS)
    labelled(registry, Kind, { name, help, labelNames: [...NEIGHBOR, ...labels] }, () =>
      (report()?.neighbors ?? []).flatMap((one): LabelledValues =>
        pick(one).map(([values, value]) => [[one.protocol, one.neighbor, one.link, ...values], value]),
      ),
    );
}
