import type { LimitRow } from '@routed/driver';
import { Counter, Gauge, type Registry } from 'prom-client';
import { labelled } from './labelled.ts';

const LABELS = ['network', 'container', 'direction'] as const;

const METRICS = [
  {
    Kind: Gauge,
    name: 'routed_limit_bits_per_second',
    help: 'Limit of the rate of an endpoint, in bits per second.',
    pick: ({ bitsPerSec }: LimitRow) => bitsPerSec,
  },
  {
    Kind: Counter,
    name: 'routed_limit_bytes_total',
    help: 'Bytes of frames that passed a limit.',
    pick: ({ count }: LimitRow) => count.bytes,
  },
  {
    Kind: Counter,
    name: 'routed_limit_delayed_total',
    help: 'How often a packet had to wait for a limit.',
    pick: ({ count }: LimitRow) => count.delayed,
  },
  {
    Kind: Counter,
    name: 'routed_limit_dropped_packets_total',
    help: 'Packets that a limit dropped, as the queue was full.',
    pick: ({ count }: LimitRow) => count.dropped,
  },
] as const;

/** Adds the metrics of limits: series for each endpoint that has one, and none for the others. */
export function watchLimits(registry: Registry, read: () => readonly LimitRow[]): void {
  for (const { Kind, name, help, pick } of METRICS) {
    labelled(registry, Kind, { name, help, labelNames: LABELS }, () =>
      read().map((row) => [[row.network, row.container, row.direction], pick(row)] as const),
    );
  }
}
