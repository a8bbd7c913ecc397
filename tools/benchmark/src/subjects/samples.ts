import type { Measurement } from '../scenarios/scenario.ts';
import { compare, type Ratio, type Rounds, summarize } from '../statistics.ts';
import type { Timings } from '../plugin/docker-calls.ts';
import { serverName } from './floor-server.ts';
import { floorName } from './floor.ts';
import type { Subject } from './subject.ts';

/** Which step of the floor a step of the plugin is compared with. */
const counterparts: Readonly<Record<string, string>> = { Join: 'up', Leave: 'down', up: 'up', down: 'down' };

/** Microseconds by subject, step and round. */
export class Samples {
  readonly #bySubject = new Map<string, Map<string, number[][]>>();

  add(subject: string, round: number, timings: Timings): void {
    const steps = this.#bySubject.get(subject) ?? new Map<string, number[][]>();
    this.#bySubject.set(subject, steps);
    for (const [step, us] of Object.entries(timings)) {
      const rounds = steps.get(step) ?? [];
      steps.set(step, rounds);
      (rounds[round] ??= []).push(us);
    }
  }

  /** One cycle of the subject, up to the end of what it leaves to the background. */
  async take(subject: Subject, round: number): Promise<void> {
    this.add(subject.name, round, { ...(await subject.cycle()), ...(await subject.settle()) });
  }

  rounds(subject: string, step: string): Rounds {
    const rounds = this.#bySubject.get(subject)?.get(step);
    if (rounds === undefined) throw new RangeError(`no samples of ${subject}, ${step}`);
    return rounds;
  }

  /** How many times as long as the step of the floor that does the same work. */
  ratio(subject: string, step: string): Ratio | undefined {
    const counterpart = counterparts[step];
    if (subject === floorName || counterpart === undefined) return undefined;
    const reference = this.#bySubject.get(floorName)?.get(counterpart);
    return reference && compare(this.rounds(subject, step), reference);
  }

  /** How many times as long as the C server takes for the same call, or calls. */
  serverRatio(subject: string, step: string): Ratio {
    return compare(this.rounds(subject, step), this.rounds(serverName, step));
  }

  measurements(): Measurement[] {
    return [...this.#bySubject].flatMap(([subject, steps]) =>
      [...steps].map(([step, rounds]: [string, Rounds]) => {
        const ratio = this.ratio(subject, step);
        return { subject, step, us: summarize(rounds), ...(ratio === undefined ? {} : { ratio }) };
      }),
    );
  }
}
