import type { Figure, Measurement } from '../scenarios/scenario.ts';
import type { Report, Result } from './table.ts';

/** Which step or figure of a scenario; without `situation`, the scenario has but one. */
export interface FigureName {
  readonly scenario: string;
  readonly situation?: string;
  readonly subject: string;
  readonly step: string;
}

/** Looks up what was measured, in the last report that has the scenario. */
export class Figures {
  readonly #results: ReadonlyMap<string, Result>;

  constructor(reports: readonly Report[]) {
    this.#results = new Map(
      reports.flatMap(({ results }) => results.map((result) => [result.scenario, result] as const)),
    );
  }

  /** Milliseconds of a step, p50, or the value of a figure in its own unit; `undefined` if nothing was measured. */
  find({ scenario, situation, subject, step }: FigureName): number | undefined {
    const fits = (found: { readonly situation?: string; readonly subject: string }): boolean =>
      found.subject === subject && found.situation === situation;
    const measurement = this.measurements(scenario).find((found) => fits(found) && found.step === step);
    if (measurement !== undefined) return measurement.us.p50 / 1000;
    return this.figures(scenario).find((found) => fits(found) && found.name === step)?.value;
  }

  /** All situations of a scenario, in the order of measuring. */
  situations(scenario: string): string[] {
    const all = [...this.measurements(scenario), ...this.figures(scenario)];
    return [...new Set(all.flatMap(({ situation }) => situation ?? []))];
  }

  measurements(scenario: string): readonly Measurement[] {
    return this.#results.get(scenario)?.measurements ?? [];
  }

  figures(scenario: string): readonly Figure[] {
    return this.#results.get(scenario)?.figures ?? [];
  }
}
