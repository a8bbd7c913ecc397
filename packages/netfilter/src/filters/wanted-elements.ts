import type { LinkElements } from './kernel-sets.ts';

const NO_ELEMENTS: LinkElements = new Map();

/** The elements that each link is to have in the kernel. */
export class WantedElements implements Iterable<readonly [string, LinkElements]> {
  readonly #isOurs: (link: string) => boolean;
  #byLink = new Map<string, LinkElements>();
  /** Apart, since they are asked for with each filter, and there may be thousands of ours. */
  #others = new Set<string>();

  /** @param isOurs whether filters are about a link, and not only the way of untracked packets */
  constructor(isOurs: (link: string) => boolean) {
    this.#isOurs = isOurs;
  }

  /** Those that have some and are none of ours: uplinks. */
  get others(): ReadonlySet<string> {
    return this.#others;
  }

  has(link: string): boolean {
    return this.#byLink.has(link);
  }

  of(link: string): LinkElements {
    return this.#byLink.get(link) ?? NO_ELEMENTS;
  }

  /** In place of those that it has; none takes it off. */
  set(link: string, elements: LinkElements): void {
    if (elements.size === 0) {
      this.#byLink.delete(link);
      this.#others.delete(link);
      return;
    }
    this.#byLink.set(link, elements);
    if (!this.#isOurs(link)) this.#others.add(link);
  }

  /** In place of all. */
  reset(all: Iterable<readonly [string, LinkElements]>): void {
    this.#byLink = new Map(all);
    this.#others = new Set([...this.#byLink.keys()].filter((link) => !this.#isOurs(link)));
  }

  [Symbol.iterator](): Iterator<readonly [string, LinkElements]> {
    return this.#byLink.entries();
  }
}
