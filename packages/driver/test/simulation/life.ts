import type { Random } from './random.ts';
import { sleep } from './virtual-time.ts';

/** What a call waits for that will never be answered. */
const NEVER = new Promise<never>(() => undefined);

/** How long what a process asks the rest of its host for may take, in milliseconds. */
export interface Pace {
  /** The part of requests that take any time. */
  readonly slowPart: number;
  readonly longestMs: number;
}

/**
 * One run of a process, from its start to its end. What it asks the rest of the world for goes through {@link Life.pass}: there it may
 * die before the request is carried out, or after that and before it has heard so. Whoever is dead waits forever.
 */
export class Life {
  readonly #random: Random;
  readonly #pace: Pace;
  readonly #mourners = new Set<() => void>();
  #isDead = false;
  /** Requests that change something until it dies; absent: it does not. */
  #writesLeft: number | undefined;
  #onLastWrite: (what: string) => void = () => undefined;

  constructor(random: Random, pace: Pace) {
    this.#random = random;
    this.#pace = pace;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** Ends it. What it waits for does not come any more. */
  end(): void {
    if (this.#isDead) return;
    this.#isDead = true;
    for (const mourn of this.#mourners) mourn();
    this.#mourners.clear();
  }

  /** Calls `mourn` when it ends. */
  onEnd(mourn: () => void): void {
    if (this.#isDead) mourn();
    else this.#mourners.add(mourn);
  }

  /**
   * Has `kill` called at a request that changes something, the `count`th from now on: before it is carried out, or after, as the number is
   * odd or even.
   */
  dieAtWrite(count: number, kill: (what: string) => void): void {
    this.#writesLeft = count;
    this.#onLastWrite = kill;
  }

  /** Takes {@link dieAtWrite} back. */
  surviveWrites(): void {
    this.#writesLeft = undefined;
  }

  /** Carries a request out, if the process lives to see it. */
  async pass<T>(what: string, request: () => T | Promise<T>, isWrite = true): Promise<T> {
    await this.#moment();
    if (isWrite) await this.#step(`before ${what}`);
    const [outcome] = await Promise.allSettled([Promise.resolve().then(request)]);
    if (isWrite) await this.#step(`after ${what}`);
    else await this.#moment();
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  }

  async #step(where: string): Promise<void> {
    if (this.#writesLeft !== undefined && --this.#writesLeft <= 0) {
      this.#writesLeft = undefined;
      this.#onLastWrite(where);
    }
    await this.#moment();
  }

  async #moment(): Promise<void> {
    if (this.#isDead) await NEVER;
    if (!this.#random.isTrue(this.#pace.slowPart)) return;
    await sleep(this.#random.between(0, this.#pace.longestMs));
    if (this.isDead) await NEVER;
  }
}
