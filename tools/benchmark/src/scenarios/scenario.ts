import type { Lab } from '@routed/lab';
import type { Ratio, Summary } from '../statistics.ts';

/** How much is measured. */
export interface Effort {
  readonly rounds: number;
  readonly isQuick: boolean;
}

/** What a scenario works with. */
export interface Setting {
  readonly lab: Lab;
  readonly effort: Effort;
  /** Tells the person who waits what is going on. */
  readonly log: (line: string) => void;
}

/** Durations of one step of one subject, in microseconds. */
export interface Measurement {
  /** Of the scenario's, if there is more than one. */
  readonly situation?: string;
  readonly subject: string;
  readonly step: string;
  readonly us: Summary;
  /** Against the C floor of the same round. */
  readonly ratio?: Ratio;
}

/** Anything else worth knowing. */
export interface Figure {
  readonly situation?: string;
  readonly subject: string;
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  readonly min?: number;
  readonly max?: number;
  readonly ratio?: Ratio;
}

/** A figure that the project has promised. */
export interface Goal {
  readonly text: string;
  readonly isMet: boolean;
  readonly found: string;
  /** Not a matter of speed: missing it fails the benchmark. */
  readonly isHard?: boolean;
}

export interface Outcome {
  readonly measurements?: readonly Measurement[];
  readonly figures?: readonly Figure[];
  readonly goals?: readonly Goal[];
}

/** One situation in which the plugin is measured, on hosts of its own. */
export interface Scenario {
  readonly name: string;
  readonly title: string;
  run(setting: Setting): Promise<Outcome>;
}
