import { isNetlinkError } from '@routed/netns';
import { NFNL_SUBSYS_NFTABLES, type Nfnetlink } from '@routed/netns/nfnetlink';
import { linkOfKey } from '../codec/key.ts';
import { buildDump, identify as identifyPart, PARTS } from '../codec/rules.ts';
import {
  buildSetDump,
  buildSetElements,
  buildSetRemoval,
  buildSetRenewal,
  decodeSetElements,
  type SetElement,
} from '../codec/set-elements.ts';
import { FAMILIES } from '../ruleset-damage.ts';
import { ARP_SETS, type Element, inetSets } from './layout.ts';

/** The elements of one link, by what tells them apart. */
export type LinkElements = ReadonlyMap<string, Element>;

/** Puts elements under what tells them apart: the set and the key. */
export function indexElements(elements: Iterable<Element>): LinkElements {
  return new Map(Array.from(elements, (element) => [identify(element), element]));
}

/** What tells elements apart. */
export function identify({ family, set, key }: Element): string {
  return `${family} ${set} ${String.fromCharCode(...key)}`;
}

/**
 * The sets and rules of our two tables in one kernel. Everything rejects with NetlinkError.
 *
 * The kernel lists them without a lock, so that no thread has to wait for it: there are some seventy sets, most of them empty.
 * Source: linux net/netfilter/nf_tables_api.c `nf_tables_cb`, NFNL_CB_RCU.
 */
export class KernelSets {
  readonly #nfnetlink: Nfnetlink;
  readonly #table: string;

  constructor(nfnetlink: Nfnetlink, table: string) {
    this.#nfnetlink = nfnetlink;
    this.#table = table;
  }

  /** Takes elements away and adds others, all of it or nothing. */
  async change(gone: Iterable<Element>, added: Iterable<Element>, subject: string): Promise<void> {
    const messages = [...this.#messages('delete', gone), ...this.#messages('add', added)];
    await this.#nfnetlink.transaction(NFNL_SUBSYS_NFTABLES, messages, { operation: 'filter.set', subject });
  }

  /** Adds elements for a while, or begins their time anew. */
  async addFor(
    timed: readonly { readonly element: Element; readonly timeoutMs: number }[],
    subject: string,
  ): Promise<void> {
    const bySet = groupBySet(timed.map(({ element, timeoutMs }) => ({ ...element, timeoutMs })));
    const messages = bySet.flatMap(({ family, set, group }) =>
      buildSetRenewal({ family, table: this.#table, set }, group),
    );
    await this.#nfnetlink.transaction(NFNL_SUBSYS_NFTABLES, messages, { operation: 'filter.open', subject });
  }

  /** Takes elements away that may have gone by themselves. */
  async drop(elements: readonly Element[], subject: string): Promise<void> {
    const messages = groupBySet(elements).flatMap(({ family, set, group }) =>
      buildSetRemoval(
        { family, table: this.#table, set },
        group.map(({ key }) => key),
      ),
    );
    await this.#nfnetlink.transaction(NFNL_SUBSYS_NFTABLES, messages, { operation: 'filter.close', subject });
  }

  /** The elements of every link that has some; none without our tables. */
  async read(): Promise<Map<string, LinkElements>> {
    const byLink = new Map<string, Map<string, Element>>();
    const sets = [
      ...[...inetSets().keys()].map((set) => ({ family: 'inet', set }) as const),
      ...[...ARP_SETS.keys()].map((set) => ({ family: 'arp', set }) as const),
    ];
    for (const { family, set } of sets) {
      for (const { key } of await this.elements(family, set)) {
        const link = linkOfKey(key);
        const element = { family, set, key };
        const elements = byLink.get(link) ?? new Map<string, Element>();
        byLink.set(link, elements.set(identify(element), element));
      }
    }
    return byLink;
  }

  /** The elements of one set; none without our tables. */
  async elements(family: Element['family'], set: string): Promise<SetElement[]> {
    const message = buildSetDump({ family, table: this.#table, set });
    const dump = this.#nfnetlink.dump(
      message,
      { operation: 'filter.list', subject: set, lock: 'none' },
      decodeSetElements,
    );
    return (await emptyWhenAbsent(dump)).flat();
  }

  /** Something that stays the same as long as nobody changes our tables, their chains or their rules; empty without them. */
  async rulesFingerprint(): Promise<string> {
    const parts: string[] = [];
    for (const family of FAMILIES) {
      for (const part of PARTS) {
        const message = buildDump(part, family, this.#table);
        const purpose = { operation: 'filter.check', subject: `${family} ${this.#table}`, lock: 'none' } as const;
        const dump = this.#nfnetlink.dump(message, purpose, (row) => identifyPart(part, row, this.#table));
        parts.push(...(await emptyWhenAbsent(dump)).map((found) => `${family} ${part} ${found}`));
      }
    }
    return parts.join('\n');
  }

  #messages(action: 'add' | 'delete', elements: Iterable<Element>): Uint8Array[] {
    return groupBySet(elements).flatMap(({ family, set, group }) =>
      buildSetElements(
        action,
        { family, table: this.#table, set },
        group.map(({ key }) => key),
      ),
    );
  }
}

interface ElementsOfSet<E extends Element> extends Pick<Element, 'family' | 'set'> {
  readonly group: E[];
}

function groupBySet<E extends Element>(elements: Iterable<E>): ElementsOfSet<E>[] {
  const bySet = new Map<string, ElementsOfSet<E>>();
  for (const element of elements) {
    const { family, set } = element;
    const found = bySet.get(`${family} ${set}`);
    if (found === undefined) bySet.set(`${family} ${set}`, { family, set, group: [element] });
    else found.group.push(element);
  }
  return [...bySet.values()];
}

function emptyWhenAbsent<T>(dump: Promise<T[]>): Promise<T[]> {
  return dump.catch((error: unknown) => {
    if (isNetlinkError(error, 'ENOENT')) return [];
    throw error;
  });
}
