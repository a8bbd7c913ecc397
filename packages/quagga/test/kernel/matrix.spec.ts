import { expect } from 'chai';
import { planConfiguration } from '../../src/apply/apply.ts';
import { isQuaggaError } from '../../src/errors.ts';
import { SUITES, type Suite } from '../support/changes.ts';
import { type Crossing, openCrossing } from '../support/crossing.ts';
import { type Fields, mergeDefaults } from '../../src/preset/merge.ts';
import { type Result, record, wantedTrials } from '../support/matrix-table.ts';
import { hasKeyChains } from '../support/release.ts';
import type { Trial } from '../support/trial.ts';

const ALL = process.env.ROUTED_ATTACK === 'all';
/** A prediction of no loss holds every time. */
const RUNS = ALL ? 3 : 1;
/** Longer than the dead interval of 4 s: a neighbor that hears no hello notices it only then. */
const AFTERWARDS_MS = ALL ? 5000 : 1000;
const isTried = ({ isQuick, isNew }: Trial): boolean => (ALL || isQuick === true) && (isNew !== true || hasKeyChains());
const isWanted = wantedTrials();
const ANYTHING = { allow: 'flaps', acceptUnknown: true } as const;

/** Two routers, brought to where a trial begins; those that do not get there are replaced. */
class Bench implements AsyncDisposable {
  readonly #suite: Suite;
  #crossing: Crossing | undefined;
  /** They began elsewhere than the others, and serve one trial. */
  #isSpecial = false;

  constructor(suite: Suite) {
    this.#suite = suite;
  }

  async at(trial: Trial): Promise<Crossing> {
    const { both, neighbor } = trial;
    const isUsable = both === undefined && !this.#isSpecial;
    if (this.#crossing !== undefined && isUsable && (await begins(this.#crossing, trial))) return this.#crossing;
    await this[Symbol.asyncDispose]();
    const { base, preamble } = this.#suite;
    this.#crossing = await openCrossing((host) => mergeDefaults(base(host), both) as Fields, preamble);
    this.#isSpecial = both !== undefined;
    if (neighbor !== undefined) await this.#crossing.tellNeighbor(neighbor);
    expect(await begins(this.#crossing, trial), 'the containers reach each other').to.equal(true);
    return this.#crossing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#crossing?.[Symbol.asyncDispose]();
    this.#crossing = undefined;
  }
}

async function begins(crossing: Crossing, { from = {}, foreign }: Trial): Promise<boolean> {
  if (foreign !== undefined) await crossing.own.load(foreign);
  const error = await crossing.apply(from, ANYTHING).catch((reason: unknown) => reason);
  if (error instanceof Error && !isQuaggaError(error)) throw error;
  return !(error instanceof Error) && (await crossing.whole(15_000));
}

async function measure(bench: Bench, trial: Trial): Promise<Result> {
  const options = { takeOver: trial.takeOver === true, ...(trial.effect === 'hitless' ? {} : ANYTHING) };
  const crossing = await bench.at(trial);
  const { sent, lost, result } = await crossing.lossDuring(AFTERWARDS_MS, () =>
    crossing.apply(trial.to, options).catch((error: unknown) => {
      // A change that a neighbor does not accept may be refused or taken back; no hitless one is.
      if (trial.effect === 'hitless' || !isQuaggaError(error)) throw error;
      return planConfiguration(crossing.config(trial.to), { ...crossing.own, ...options });
    }),
  );
  expect(result.changes, 'changes').to.have.length.greaterThan(0);
  return { what: trial.what, effect: result.effect, sent, lost };
}

describe('every kind of change, with 100 packets a second in each family', function () {
  this.timeout(180_000);
  const results = new Map<Suite, Result[]>(SUITES.map((suite) => [suite, []]));
  after(() => record(SUITES, results));

  for (const suite of SUITES)
    describe(suite.protocol, () => {
      const benches = Array.from({ length: RUNS }, () => new Bench(suite));
      after(() => Promise.all(benches.map((bench) => bench[Symbol.asyncDispose]())));

      for (const trial of suite.trials.filter((one) => isTried(one) && isWanted(suite, one.what)))
        it(`${trial.what}: ${trial.effect}`, async () => {
          const used = trial.effect === 'hitless' ? benches : benches.slice(0, 1);
          const found = await Promise.all(used.map((bench) => measure(bench, trial)));
          results.get(suite)?.push(...found);

          for (const { effect, lost, sent } of found) {
            expect(effect, 'effect').to.equal(trial.effect);
            if (effect === 'hitless') expect(lost, `lost of ${sent}`).to.equal(0);
          }
        });
    });
});
