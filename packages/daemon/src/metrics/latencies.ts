/** How long something took since the daemon started. */
export interface CallLatency {
  /** As people know it. */
  readonly name: string;
  readonly count: number;
  readonly failed: number;
  readonly meanMs: number;
  /** The bound of the bucket that half of them, and 99 % of them, are within; Infinity: longer than the last bound. */
  readonly medianMs: number;
  readonly p99Ms: number;
}

/** A value of a histogram as prom-client keeps it: of a bucket that counts all up to its bound, of `_sum` or `_count`. */
interface HistogramValue {
  readonly metricName?: string | undefined;
  readonly value: number;
  readonly labels: Readonly<Partial<Record<string, string | number>>>;
}

/** Calls that people wait for. */
const CALLS = [
  ['RequestAddress', 'IpamDriver.RequestAddress'],
  ['CreateEndpoint', 'NetworkDriver.CreateEndpoint'],
  ['Join', 'NetworkDriver.Join'],
  ['Leave', 'NetworkDriver.Leave'],
] as const;

/** Of the histograms of calls and of withdrawals. Pure. */
export function latenciesOf(calls: readonly HistogramValue[], withdrawals: readonly HistogramValue[]): CallLatency[] {
  return [
    ...CALLS.map(([name, method]) =>
      latencyOf(
        name,
        calls.filter(({ labels }) => labels['method'] === method),
      ),
    ),
    latencyOf('Withdrawal', withdrawals),
  ];
}

function latencyOf(name: string, values: readonly HistogramValue[]): CallLatency {
  const ofKind = (ending: string): readonly HistogramValue[] =>
    values.filter(({ metricName }) => metricName?.endsWith(ending) ?? false);
  const total = (rows: readonly HistogramValue[]): number => rows.reduce((sum, { value }) => sum + value, 0);
  const counts = ofKind('_count');
  const count = total(counts);
  const bounds = new Map<number, number>();
  for (const { labels, value } of ofKind('_bucket')) {
    const bound = labels['le'] === '+Inf' ? Infinity : Number(labels['le']);
    bounds.set(bound, (bounds.get(bound) ?? 0) + value);
  }
  const within = (share: number): number => {
    const found = [...bounds].sort(([one], [other]) => one - other).find(([, value]) => value >= share * count);
    return (found?.[0] ?? 0) * 1000;
  };
  return {
    name,
    count,
    failed: total(counts.filter(({ labels }) => labels['outcome'] === 'failed')),
    meanMs: count === 0 ? 0 : (total(ofKind('_sum')) / count) * 1000,
    medianMs: count === 0 ? 0 : within(0.5),
    p99Ms: count === 0 ? 0 : within(0.99),
  };
}
