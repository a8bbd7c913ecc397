import { type Counter, Gauge, type Registry } from 'prom-client';
import { labelled, type LabelledValues, type MetricText } from './labelled.ts';

/** A metric whose values are picked from a record that is read once for each scrape. */
export interface PickedMetric<Source> extends MetricText {
  readonly Kind: typeof Gauge | typeof Counter;
  readonly values: (source: Source) => LabelledValues;
}

/** One without labels. */
export function single<Source>(name: string, help: string, pick: (source: Source) => number): PickedMetric<Source> {
  return { Kind: Gauge, name, help, labelNames: [], values: (source) => [[[], pick(source)]] };
}

/** Registers metrics; without a record they have no series with labels, and 0 without labels. */
export function watchPicked<Source>(
  registry: Registry,
  metrics: readonly PickedMetric<Source>[],
  read: () => Source | undefined,
): void {
  for (const { Kind, values, ...text } of metrics) {
    labelled(registry, Kind, text, () => {
      const source = read();
      return source === undefined ? [] : values(source);
    });
  }
}
