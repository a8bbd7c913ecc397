import type { NamesReport } from '@routed/driver';
import { Counter, type Registry } from 'prom-client';
import { type PickedMetric, single, watchPicked } from './picked.ts';

const METRICS: readonly PickedMetric<NamesReport>[] = [
  single('routed_names_lists', 'Endpoints with names in their lists of destinations.', ({ links }) => links),
  single('routed_names_open_addresses', 'Addresses that are open by name.', ({ open }) => open),
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

/** Adds the metrics of names in lists; those with labels have no series before the first list with names. */
export function watchNames(registry: Registry, read: () => NamesReport | undefined): void {
  watchPicked(registry, METRICS, read);
}
