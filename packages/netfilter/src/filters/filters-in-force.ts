import type { KernelSets, LinkElements } from './kernel-sets.ts';
import type { Element } from './layout.ts';

/** Of a link without a filter. */
export const NO_ELEMENTS: LinkElements = new Map();

/** What the sets have of each link, as far as we know, and what they have to have. */
export class FiltersInForce {
  readonly #sets: Pick<KernelSets, 'read' | 'change'>;
  #present = new Map<string, LinkElements>();
  /** Filters that were found count until they are removed. */
  #wanted = new Map<string, LinkElements>();
  readonly #isOurs: (link: string) => boolean;
  /** Apart, since they are asked for with each filter, and there may be thousands of ours. */
  #others = new Set<string>();

  /** @param isOurs whether filters are about a link, and not only the way of untracked packets */
  constructor(sets: Pick<KernelSets, 'read' | 'change'>, isOurs: (link: string) => boolean) {
    this.#sets = sets;
    this.#isOurs = isOurs;
  }

  /** The links that elements are wanted of and that are none of ours: uplinks. */
  get wantedOthers(): ReadonlySet<string> {
    return this.#others;
  }

  /** The links that the kernel has elements of, as far as we know. */
  presentLinks(): string[] {
    return [...this.#present.keys()];
  }

  /** Whether the kernel has what is wanted of a link, as far as we know. */
  isSettled(link: string): boolean {
    return this.#present.get(link) === this.#wanted.get(link);
  }

  /** What is wanted of a link. */
  wantedOf(link: string): LinkElements {
    return this.#wanted.get(link) ?? NO_ELEMENTS;
  }

  /** Whether the kernel has, or is to have, anything of a link. */
  has(link: string): boolean {
    return this.#present.has(link) || this.#wanted.has(link);
  }

  /** Whether exactly this is wanted of a link: the kernel may have something else. */
  isWanted(link: string, elements: LinkElements): boolean {
    return isEqual(elements, this.wantedOf(link));
  }

  /** Wants something of a link, from the next repair on. */
  want(link: string, elements: LinkElements): void {
    if (elements.size === 0) {
      this.#wanted.delete(link);
      this.#others.delete(link);
      return;
    }
    this.#wanted.set(link, elements);
    if (!this.#isOurs(link)) this.#others.add(link);
  }

  /** Reads what the kernel has. @throws NetlinkError */
  async read(): Promise<void> {
    this.#present = await this.#sets.read();
  }

  /** What was read is what is wanted. */
  adopt(): void {
    this.#wanted = new Map(this.#present);
    this.#others = new Set([...this.#wanted.keys()].filter((link) => !this.#isOurs(link)));
  }

  /**
   * Gives links what is wanted of them from now on, in one transaction.
   *
   * @throws NetlinkError `ENOENT` when the kernel has something else than we know
   */
  async replace(wanted: ReadonlyMap<string, LinkElements>): Promise<void> {
    for (const [link, elements] of wanted) this.want(link, elements);
    const changes = [...wanted].map(([link, elements]) => [this.#presentOf(link), elements] as const);
    await this.#sets.change(
      changes.flatMap(([present, elements]) => difference(present, elements)),
      changes.flatMap(([present, elements]) => difference(elements, present)),
      [...wanted.keys()].join(),
    );
    for (const [link, elements] of wanted) {
      if (elements.size === 0) this.#present.delete(link);
      else this.#present.set(link, elements);
    }
  }

  /** Makes the elements that were read those that are wanted; says whether they were not. @throws NetlinkError */
  async repair(): Promise<boolean> {
    const surplus = [...this.#present].flatMap(([link, elements]) => difference(elements, this.wantedOf(link)));
    const missing = [...this.#wanted].flatMap(([link, elements]) => difference(elements, this.#presentOf(link)));
    await this.#sets.change(surplus, missing, 'of all links');
    this.#present = new Map(this.#wanted);
    return surplus.length + missing.length > 0;
  }

  /** The kernel has none of them any more, and is not to have them. */
  forget(): void {
    this.#present = new Map();
    this.#wanted = new Map();
    this.#others = new Set();
  }

  #presentOf(link: string): LinkElements {
    return this.#present.get(link) ?? NO_ELEMENTS;
  }
}

function difference(one: LinkElements, other: LinkElements): Element[] {
  if (one === other) return [];
  return [...one].filter(([id]) => !other.has(id)).map(([, element]) => element);
}

function isEqual(one: LinkElements, other: LinkElements): boolean {
  return one.size === other.size && difference(one, other).length === 0;
}
