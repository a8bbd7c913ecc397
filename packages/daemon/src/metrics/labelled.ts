import type { Counter, Gauge, Registry } from 'prom-client';

/** One value for each combination of labels. */
export type LabelledValues = readonly (readonly [labels: readonly string[], value: number])[];

/** What Prometheus shows of a metric. */
export interface MetricText {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
}

/** Registers a metric whose values are read anew for each scrape: a combination of labels that has gone leaves no series. */
export function labelled(
  registry: Registry,
  Kind: typeof Gauge | typeof Counter,
  { name, help, labelNames }: MetricText,
  read: () => LabelledValues,
): void {
  const update = (metric: Gauge | Counter): void => {
    metric.reset();
    for (const [values, count] of read())
      metric.inc(Object.fromEntries(labelNames.map((label, index) => [label, values[index] ?? ''])), count);
  };
  new Kind({
    name,
    help,
    labelNames,
    registers: [registry],
    collect() {
      update(this);
    },
  });
}
