import { median, quantile } from 'simple-statistics';

/** Samples of one thing, kept apart by round. */
export type Rounds = readonly (readonly number[])[];

/** Percentiles over all rounds. */
export interface Summary {
  /** Hardly disturbed by other work of the machine. */
  readonly p10: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly count: number;
}

/** How many times as much, and between which values that lay from round to round. */
export interface Ratio {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function summarize(rounds: Rounds): Summary {
  const samples = rounds.flat();
  const [p10 = NaN, p50 = NaN, p90 = NaN, p99 = NaN] = quantile(samples, [0.1, 0.5, 0.9, 0.99]);
  return { p10, p50, p90, p99, count: samples.length };
}

/** Compares medians round by round: what disturbs the machine disturbs both sides of a round. */
export function compare(samples: Rounds, reference: Rounds): Ratio {
  const ratios = samples.map((round, index) => median([...round]) / median([...(reference[index] ?? [])]));
  return { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) };
}

/** How much larger the medians of rounds are than those of the reference, in the middle. */
export function medianDifference(samples: Rounds, reference: Rounds): number {
  return median(samples.map((round, index) => median([...round]) - median([...(reference[index] ?? [])])));
}

/** What both sides' growth comes to, round by round: how much more the samples grew than the reference did. */
export function compareGrowth(
  samples: { readonly before: Rounds; readonly after: Rounds },
  reference: { readonly before: Rounds; readonly after: Rounds },
): Ratio {
  const growth = ({ before, after }: { readonly before: Rounds; readonly after: Rounds }): number[][] =>
    after.map((round, index) => [median([...round]) / median([...(before[index] ?? [])])]);
  return compare(growth(samples), growth(reference));
}

/** The median of one value per round, and the extremes. */
export function spread(values: readonly number[]): {
  readonly value: number;
  readonly min: number;
  readonly max: number;
} {
  return { value: median([...values]), min: Math.min(...values), max: Math.max(...values) };
}
