import { setImmediate as nextTurn } from 'node:timers/promises';

/** How long others wait at most, as long as one step is short: a hundredth of what anybody notices. */
const SLICE_MS = 0.5;
/** Steps between two looks at the clock. */
const STEPS = 16;

/** Work in small steps, that whoever does it may interrupt; then its result. */
export type Steps<Result> = Generator<undefined, Result, undefined>;

/** Does all of it at once. */
export function finish<Result>(steps: Steps<Result>): Result {
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
}

/** Slices of half a millisecond, between which everything else has its turn. */
export class Slices {
  #untilMs = performance.now() + SLICE_MS;

  /** Whether the slice that runs has had its time. */
  get isOver(): boolean {
    return performance.now() >= this.#untilMs;
  }

  /** Lets everything else run; then the next slice begins. */
  async next(): Promise<void> {
    await nextTurn();
    this.#untilMs = performance.now() + SLICE_MS;
  }
}

/** Does the work in {@link Slices}. */
export async function gradually<Result>(steps: Steps<Result>): Promise<Result> {
  const slices = new Slices();
  for (let count = 1; ; count++) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (count % STEPS === 0 && slices.isOver) await slices.next();
  }
}
