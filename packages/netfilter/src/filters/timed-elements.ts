import { linkOfKey } from '../codec/key.ts';
import { identify, type KernelSets } from './kernel-sets.ts';
import { attendance, type Element, openedElements, type OpenedAddress, timedSets } from './layout.ts';

/** An address to open, and for how long. */
export interface TimedAddress extends OpenedAddress {
  /** 1 and more */
  readonly timeoutMs: number;
}

/** One element, and how long it is to be there. */
interface Timed {
  readonly element: Element;
  readonly timeoutMs: number;
}

/** The elements that go by time and belong to no filter, as they were added, and when they end on the clock of this process. */
export class TimedElements {
  readonly #sets: Pick<KernelSets, 'addFor' | 'drop' | 'elements'>;
  /** By what tells elements apart. */
  readonly #added = new Map<string, { readonly element: Element; readonly untilMs: number }>();

  constructor(sets: Pick<KernelSets, 'addFor' | 'drop' | 'elements'>) {
    this.#sets = sets;
  }

  /** Opens addresses, or begins their time anew. */
  async open(opened: readonly TimedAddress[]): Promise<void> {
    const timed = opened.flatMap(({ timeoutMs, ...address }) =>
      openedElements(address).map((element) => ({ element, timeoutMs })),
    );
    await this.#add(timed, `${opened.length} addresses`);
  }

  /** Closes what was opened for a link. */
  async close(link: string): Promise<void> {
    for (const [id, { element }] of this.#added) if (linkOfKey(element.key) === link) this.#added.delete(id);
    for (const set of timedSets().keys()) {
      const elements = await this.#sets.elements('inet', set);
      const own = elements.filter(({ key }) => linkOfKey(key) === link);
      await this.#sets.drop(
        own.map(({ key }) => ({ family: 'inet', set, key })),
        link,
      );
    }
  }

  /** Somebody reads names for so long; 0: nobody does. */
  async attend(timeoutMs: number): Promise<void> {
    const elements = attendance();
    if (timeoutMs > 0) {
      const timed = elements.map((element) => ({ element, timeoutMs }));
      await this.#add(timed, 'attendance');
      return;
    }
    for (const element of elements) this.#added.delete(identify(element));
    await this.#sets.drop(elements, 'attendance');
  }

  /** They may be gone with the rules: each has the rest of its time. */
  async restore(): Promise<void> {
    const now = performance.now();
    for (const [id, { untilMs }] of this.#added) if (untilMs <= now + 1) this.#added.delete(id);
    const timed = Array.from(this.#added.values(), ({ element, untilMs }) => ({
      element,
      timeoutMs: Math.ceil(untilMs - now),
    }));
    await this.#sets.addFor(timed, 'what was open before');
  }

  /** The kernel has none of them any more, and is not to have them. */
  forget(): void {
    this.#added.clear();
  }

  async #add(timed: readonly Timed[], subject: string): Promise<void> {
    await this.#sets.addFor(timed, subject);
    const now = performance.now();
    for (const { element, timeoutMs } of timed) {
      this.#added.set(identify(element), { element, untilMs: now + timeoutMs });
    }
  }
}
