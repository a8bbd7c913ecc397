import { isNetlinkError } from '@routed/netns';
import { NFNL_SUBSYS_NFTABLES, type Nfnetlink } from '@routed/netns/nfnetlink';
import { linkOfKey } from '../codec/key.ts';
import { buildDump, identify as identifyPart, PARTS } from '../codec/rules.ts';
import { buildSetDump, buildSetElements, decodeSetElements, type SetElement } from '../codec/set-elements.ts';
import { FAMILIES } from '../ruleset-damage.ts';
import { ARP_SETS, type Element, inetSets } from './layout.ts';

/** The elements of one link, by what tells them apart. */
export type LinkElements = ReadonlyMap<string, Element>;

/** Puts elements under what tells them apart: the set and the key. */
export function indexElements(elements: Iterable<Element>): LinkElements {
  return new Map(Array.from(elements, (element) => [identify(element), element]));
}

function identify({ family, set, key }: Element): string {
  return `${family} ${set} ${Buffer.from(key).toString('latin1')}`;
}

/** The sets and rules of our two tables in one kernel. Everything rejects with NetlinkError. */
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
    const dump = this.#nfnetlink.dump(message, { operation: 'filter.list', subject: set }, decodeSetElements);
    return (await emptyWhenAbsent(dump)).flat();
  }

  /** Something that stays the same as long as nobody changes our tables, their chains or their rules; empty without them. */
  async rulesFingerprint(): Promise<string> {
    const parts: string[] = [];
    for (const family of FAMILIES) {
      for (const part of PARTS) {
        const message = buildDump(part, family, this.#table);
        const purpose = { operation: 'filter.check', subject: `${family} ${this.#table}` };
        const dump = this.#nfnetlink.dump(message, purpose, (row) => identifyPart(part, row, this.#table));
        parts.push(...(await emptyWhenAbsent(dump)).map((found) => `${family} ${part} ${found}`));
      }
    }
    return parts.join('\n');
  }

  #messages(action: 'add' | 'delete', elements: Iterable<Element>): Uint8Array[] {
    const bySet = new Map<string, Element[]>();
    for (const element of elements) {
      const key = `${element.family} ${element.set}`;
      const group = bySet.get(key);
      if (group === undefined) bySet.set(key, [element]);
      else group.push(element);
    }
    return [...bySet.values()].flatMap((group) => {
      const [{ family, set } = { family: 'inet', set: '' } as const] = group;
      const keys = group.map(({ key }) => key);
      return buildSetElements(action, { family, table: this.#table, set }, keys);
    });
  }
}

function emptyWhenAbsent<T>(dump: Promise<T[]>): Promise<T[]> {
  return dump.catch((error: unknown) => {
    if (isNetlinkError(error, 'ENOENT')) return [];
    throw error;
  });
}
