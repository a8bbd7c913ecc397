import type { FilteredPackets } from '@routed/driver';
import { Counter, type Registry } from 'prom-client';
import { type PickedMetric, watchPicked } from './picked.ts';

/** What a list of a container was asked: at most two series of each kind for each network of a container. */
export interface AskedList {
  readonly container: string;
  readonly network: string;
  readonly direction: 'ingress' | 'egress';
  /** Packets. */
  readonly examined: number;
  readonly refused: number;
}

const FILTERED: PickedMetric<FilteredPackets> = {
  Kind: Counter,
  name: 'routed_filtered_packets_total',
  help: 'Packets that filters dropped, or would have where a list only observes, by what refused them.',
  labelNames: ['reason'],
  values: ({ ingress, egress, spoofed }) => [
    [['ingress'], ingress],
    [['egress'], egress],
    [['spoofed'], spoofed],
  ],
};

const ASKED = [
  asked('routed_list_examined_total', 'First packets of connections that a list was asked about.', 'examined'),
  asked('routed_list_refused_total', 'Of these, those that it refused, or would have.', 'refused'),
];

function asked(name: string, help: string, key: 'examined' | 'refused'): PickedMetric<readonly AskedList[]> {
  return {
    Kind: Counter,
    name,
    help,
    labelNames: ['direction', 'network', 'container'],
    values: (lists) => lists.map((list) => [[list.direction, list.network, list.container], list[key]]),
  };
}

/** What the metrics of filters are read from. */
interface ListSources {
  readonly filtered: () => FilteredPackets;
  /** Absent: no metrics for each list. */
  readonly lists?: (() => readonly AskedList[]) | undefined;
}

/** Adds the metrics of what filters were asked, and refused. */
export function watchLists(registry: Registry, { filtered, lists }: ListSources): void {
  watchPicked(registry, [FILTERED], filtered);
  if (lists !== undefined) watchPicked(registry, ASKED, lists);
}
