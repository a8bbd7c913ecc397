import { setImmediate as nextTurn } from 'node:timers/promises';

/** How long others wait at most, as long as one step is short: a hundredth of what anybody notices. */
const SLICE_MS = 0.5;
/** Steps between two looks at the clock. */
const STEPS = 16;

/** Work in small steps. */
export type Steps<Result> = Generator<undefined, Result, undefined>;

/** Does the work in slices of half a millisecond, and lets everything else in between. */
export async function gradually<Result>(steps: Steps<Result>): Promise<Result> {
  for (;;) {
    const until = performance.now() + SLICE_MS;
    do {
      for (let count = 0; count < STEPS; count++) {
        const step = steps.next();
        if (step.done === true) return step.value;
      }
    } while (performance.now() < until);
    await nextTurn();
  }
}
