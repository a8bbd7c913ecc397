import type { AddressStory } from '../shape/addresses.ts';
import type { WebSources } from './sources.ts';

/** Each story asks the kernel, the routers and the firewall: one at a time, and few may wait. */
const MOST_WAITING = 16;
const FRESH_MS = 1_000;
const MOST_KEPT = 100;

interface Told {
  readonly atMs: number;
  readonly story: Promise<AddressStory>;
}

/** Tells of addresses, one after another, so that no reader keeps the host busy. */
export class StoryDesk {
  readonly #tell: WebSources['story'];
  /** The newest is the last. */
  readonly #told = new Map<string, Told>();
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(tell: WebSources['story']) {
    this.#tell = tell;
  }

  /** At most a second old. @throws what the source throws, and Error when too many wait */
  async of(address: string): Promise<AddressStory> {
    const told = this.#told.get(address);
    if (told !== undefined && performance.now() - told.atMs < FRESH_MS) return await told.story;
    if (this.#waiting >= MOST_WAITING) throw new Error('too many addresses are asked for at once: try again later');
    this.#waiting++;
    const story = this.#last.then(() => this.#tell(address)).finally(() => this.#waiting--);
    this.#last = story.catch(() => undefined);
    this.#told.delete(address);
    this.#told.set(address, { atMs: performance.now(), story });
    const [oldest] = this.#told.keys();
    if (this.#told.size > MOST_KEPT && oldest !== undefined) this.#told.delete(oldest);
    return await story;
  }
}
