import fc from 'fast-check';
import type { FuzzTarget, OpenTarget } from './target.ts';
import type { Watchdog } from './watchdog.ts';

/** How long one input may take, unless told otherwise. */
const HANG_MS = 1_000;
/** Inputs between two looks at the clock, with one opened target. */
const BATCH = 250;
/** A target that fails everywhere has been found out. */
const MOST_CRASHES = 5;

/** How long it goes on: for a number of inputs, or for a time. */
export type Budget = { readonly inputs: number } | { readonly deadline: number };

/** An input that does what must not happen. */
export interface Crash {
  readonly target: string;
  readonly seed: number;
  readonly path: string;
  readonly input: string;
  readonly error: string;
}

/** What came of one target. */
export interface Outcome {
  readonly target: string;
  readonly inputs: number;
  readonly seconds: number;
  readonly crashes: readonly Crash[];
}

/** How a target is fed. */
export interface Settings {
  readonly seed: number;
  readonly budget: Budget;
  readonly watchdog: Watchdog;
  readonly hangMs?: number;
}

/** Feeds a target; every batch has a seed of its own, derived from `seed`, so that the same seed does the same. */
export async function fuzz(
  target: FuzzTarget,
  { seed, budget, watchdog, hangMs = HANG_MS }: Settings,
): Promise<Outcome> {
  const started = performance.now();
  const crashes: Crash[] = [];
  let inputs = 0;
  const isOver = (): boolean =>
    'inputs' in budget ? inputs >= budget.inputs : performance.now() >= budget.deadline && inputs > 0;
  for (let batch = 0; !isOver() && crashes.length < MOST_CRASHES; batch++) {
    const left = 'inputs' in budget ? budget.inputs - inputs : BATCH;
    const batchSeed = (seed + batch) | 0;
    watchdog.announce(`${target.name}, seed ${batchSeed}`);
    const open = await target.open();
    try {
      const property = fc.asyncProperty(target.input, async (input) => {
        inputs += 1;
        watchdog.beat();
        await feed(open, input, hangMs);
      });
      const details = await fc.check(property, { seed: batchSeed, numRuns: Math.min(BATCH, left) });
      if (details.failed) crashes.push(crashOf(target.name, details));
    } finally {
      await open.close?.();
    }
  }
  return { target: target.name, inputs, seconds: (performance.now() - started) / 1000, crashes };
}

/** A pause of the whole machine is no hang: what took long is tried again. */
async function feed(open: OpenTarget<unknown>, input: unknown, hangMs: number): Promise<void> {
  if ((await timed(open, input)) < hangMs) return;
  const ms = await timed(open, input);
  if (ms >= hangMs) throw new Error(`took ${Math.round(ms)} ms`);
}

async function timed(open: OpenTarget<unknown>, input: unknown): Promise<number> {
  const started = performance.now();
  await open.feed(input);
  return performance.now() - started;
}

function crashOf(target: string, details: fc.RunDetails<[unknown]>): Crash {
  const error = details.errorInstance;
  return {
    target,
    seed: details.seed,
    path: details.counterexamplePath ?? '',
    input: fc.stringify(details.counterexample?.[0]).slice(0, 2_000),
    error: error instanceof Error ? (error.stack ?? error.message) : String(error),
  };
}
