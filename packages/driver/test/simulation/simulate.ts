import { act, populate, repairAll } from './actions.ts';
import { Cluster } from './cluster.ts';
import { InvariantError, Invariants } from './invariants.ts';
import type { Story } from './story.ts';
import { inVirtualTime, sleep } from './virtual-time.ts';

/** How often the invariants are checked, in milliseconds. */
const LOOK_MS = 500;
/** Until everything that was left behind has been found: the longest grace period is 120 s, and two rounds of 30 s see to it. */
const SETTLE_MS = 240_000;
/** Until blocks that nothing uses have been given back, 600 s after the last use. */
const LONG_SETTLE_MS = 800_000;
/** Nothing is to be repaired for so long: two rounds of the reconciler. */
const REST_MS = 65_000;

/** Whatever a seed says is over after so long; else somebody waits for what never comes. */
const LONGEST_MS = 4 * 3_600_000;

/** What came of one seed. */
export interface Outcome {
  readonly seed: number;
  /** What was wrong; absent: nothing was. */
  readonly failure?: string;
  /** How it came to that. */
  readonly story: Story;
  readonly virtualSec: number;
}

/** Lets a cluster live through what its seed says, and looks whether all stays as it has to. */
export async function simulate(seed: number): Promise<Outcome> {
  return await inVirtualTime(async () => {
    const cluster = new Cluster(seed);
    const invariants = new Invariants(cluster);
    const looking = new Looks(invariants);
    const outcome = (): Outcome => ({ seed, story: cluster.story, virtualSec: performance.now() / 1_000 });
    try {
      await Promise.race([live(cluster, invariants), looking.failure, endless()]);
      return outcome();
    } catch (error) {
      const failure = error instanceof InvariantError ? error.message : String((error as Error).stack);
      cluster.story.tell('', failure);
      return { ...outcome(), failure };
    } finally {
      looking.stop();
    }
  });
}

/**
 * Simulates one seed after another for so long, in real time, and stops at the first that fails.
 *
 * @param onOutcome hears of each
 */
export async function explore(
  { from, seconds }: { readonly from: number; readonly seconds: number },
  onOutcome: (outcome: Outcome) => void = () => undefined,
): Promise<Exploration> {
  const begun = performance.now();
  let virtualSec = 0;
  let seeds = 0;
  for (let seed = from; seeds === 0 || performance.now() - begun < seconds * 1_000; seed++, seeds++) {
    const outcome = await simulate(seed);
    virtualSec += outcome.virtualSec;
    onOutcome(outcome);
    if (outcome.failure !== undefined) return { seeds: seeds + 1, virtualSec, failed: outcome };
  }
  return { seeds, virtualSec };
}

/** What came of many seeds. */
export interface Exploration {
  readonly seeds: number;
  readonly virtualSec: number;
  readonly failed?: Outcome;
}

/** What failed, how it came to that, and how to see it again. */
export function describeFailure({ seed, failure = '', story }: Outcome, lines = 60): string {
  return `seed ${seed}: ${failure}\n${story.text(lines)}\nagain: npm run simulate -- --seed ${seed}`;
}

async function live(cluster: Cluster, invariants: Invariants): Promise<void> {
  const { random } = cluster;
  await cluster.start();
  populate(cluster);
  await sleep(random.between(0, 5_000));
  const steps = Math.floor(random.between(10, 80));
  for (let step = 0; step < steps; step++) {
    act(cluster);
    await sleep(
      random.weighted([
        [3, random.between(0, 200)],
        [3, random.between(200, 3_000)],
        [1, random.between(3_000, 30_000)],
      ]),
    );
  }
  await repairAll(cluster);
  await sleep(cluster.traits.isPatient ? LONG_SETTLE_MS : SETTLE_MS);
  invariants.beginRest();
  await sleep(REST_MS);
  invariants.checkAtRest();
}

async function endless(): Promise<never> {
  await sleep(LONGEST_MS);
  throw new Error('the scenario does not end');
}

/** Checks again and again. */
class Looks {
  readonly failure: Promise<never>;
  readonly #timer: NodeJS.Timeout;

  constructor(invariants: Invariants) {
    let fail: (error: Error) => void = () => undefined;
    this.failure = new Promise((_, reject) => (fail = reject));
    this.failure.catch(() => undefined);
    this.#timer = setInterval(() => {
      try {
        invariants.check();
      } catch (error) {
        fail(error as Error);
      }
    }, LOOK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
