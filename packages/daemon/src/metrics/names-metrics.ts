import type { NamesReport } from '@routed/driver';
import { Counter, Gauge, type Registry } from 'prom-client';
import { labelled, type LabelledValues } from './labelled.ts';

interface NamesMetric {
  readonly Kind: typeof Gauge | typeof Counter;
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly values: (names: NamesReport) => LabelledValues;
}

const METRICS: readonly NamesMetric[] = [
  {
    Kind: Gauge,
    name: 'routed_names_lists',
    help: 'Endpoints with names in their lists of destinations.',
    labelNames: [],
    values: ({ links }) => [[[], links]],
  },
  {
    Kind: Gauge,
    name: 'routed_names_open_addresses',
    help: 'Addresses that are open by name.',
    labelNames: [],
    values: ({ open }) => [[[], open]],
  },
  {
    Kind: Counter,
    name: 'routed_names_dns_total',
    help: 'DNS of endpoints with names in their lists, by what it was.',
    labelNames: ['kind'],
    values: ({ counters }) => [
      [['question'], counters.questions],
      [['answer'], counters.answers],
      [['unasked'], counters.unasked],
      [['unreadable'], counters.unreadable],
      [['closed-address'], counters.closed],
    ],
  },
  {
    Kind: Counter,
    name: 'routed_names_lost_total',
    help: 'DNS packets of endpoints with names in their lists that were dropped unread.',
    labelNames: [],
    values: ({ lost, queue }) => [[[], lost + (queue?.droppedFull ?? 0)]],
  },
];

/** Adds the metrics of names in lists; no series before the first list with names. */
export function watchNames(registry: Registry, read: () => NamesReport | undefined): void {
  for (const { Kind, name, help, labelNames, values } of METRICS) {
    labelled(registry, Kind, { name, help, labelNames }, () => {
      const names = read();
      return names === undefined ? [] : values(names);
    });
  }
}
