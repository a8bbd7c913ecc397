import { NetlinkError } from '../../errors.ts';
import type { Purpose } from '../../socket/channel.ts';
import { errnoNumber } from '../../sys/errno.ts';
import type { Address } from '../../types/address.ts';
import type { Link, LinkSelector } from '../../types/link.ts';
import type { Neighbour } from '../../types/neighbour.ts';
import type { Route } from '../../types/route.ts';
import type { Rule } from '../../types/rule.ts';
import type { FakeCall } from './types.ts';

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** A link in memory. Carrier and peer index follow from the rest when it is shown. */
export interface FakeLink extends Omit<Mutable<Link>, 'hasCarrier' | 'isRunning' | 'peerIndex' | 'peerNetnsId'> {
  peer?: FakeLink;
  /** The link below, in the same namespace. */
  lowerIndex?: number;
  /** Of its kind, as they were given. */
  settings?: object;
  /** As a port of its master, as they were given. */
  port?: object;
  namespace: FakeNamespace;
}

/** The error the kernel would give. */
export function refusal(code: string, purpose: Purpose, kernelMessage?: string): NetlinkError {
  const { operation, subject } = purpose;
  const details = kernelMessage === undefined ? { reason: 'refused by the fake kernel' } : { kernelMessage };
  return new NetlinkError({ code, errno: errnoNumber(code) ?? 0, operation, subject, ...details });
}

/** Calls and prepared failures, shared by all namespaces of a kernel. */
export class FakeJournal {
  readonly calls: FakeCall[] = [];
  #macCount = 0;
  readonly #failures: { readonly operation: string; readonly errno: string }[] = [];

  /** A link-layer address for a link that was given none. */
  nextMac(): string {
    const tail = (++this.#macCount & 0xffff).toString(16).padStart(4, '0');
    return `fe:00:00:00:${tail.slice(0, 2)}:${tail.slice(2)}`;
  }

  failNext(operation: string, errno: string): void {
    this.#failures.push({ operation, errno });
  }

  /** @throws {@link NetlinkError} when a failure was prepared for this operation. */
  record(purpose: Purpose): void {
    const { operation, subject } = purpose;
    this.calls.push({ operation, subject });
    const index = this.#failures.findIndex((failure) => failure.operation === operation);
    const [failure] = index === -1 ? [] : this.#failures.splice(index, 1);
    if (failure !== undefined) throw refusal(failure.errno, purpose, 'made to fail by the test');
  }
}

/** What one namespace holds. */
export class FakeNamespace {
  readonly journal: FakeJournal;
  readonly links: Map<number, FakeLink> = new Map();
  readonly addresses: Address[] = [];
  /** Without those the kernel derives from addresses. */
  readonly routes: Route[] = [];
  readonly neighbours: Neighbour[] = [];
  readonly rules: Rule[] = [
    { family: 4, priority: 0, table: 255, action: 'lookup', protocol: 2 },
    { family: 4, priority: 32_766, table: 254, action: 'lookup', protocol: 2 },
    { family: 4, priority: 32_767, table: 253, action: 'lookup', protocol: 2 },
    { family: 6, priority: 0, table: 255, action: 'lookup', protocol: 2 },
    { family: 6, priority: 32_766, table: 254, action: 'lookup', protocol: 2 },
  ];
  readonly sysctls: Map<string, string> = new Map();
  #lastIndex = 0;
  /** The numbers that other namespaces have here, in the order in which they were first met. */
  readonly #ids: Map<FakeNamespace, number> = new Map();

  constructor(journal: FakeJournal) {
    this.journal = journal;
    const lengths = { mtuBytes: 65_536, txQueueLength: 1000 };
    this.place({ name: 'lo', ...lengths, isUp: false, isLoopback: true, group: 0, mac: '00:00:00:00:00:00' });
  }

  /** Puts a link here under a new index. */
  place(link: Omit<FakeLink, 'index' | 'namespace'>): FakeLink {
    const mac = link.mac ?? this.journal.nextMac();
    const placed = Object.assign(link, { mac, index: ++this.#lastIndex, namespace: this });
    this.links.set(placed.index, placed);
    return placed;
  }

  /** The number of another namespace in this one. */
  idOf(other: FakeNamespace): number {
    const id = this.#ids.get(other) ?? this.#ids.size;
    this.#ids.set(other, id);
    return id;
  }

  find(selector: LinkSelector): FakeLink | undefined {
    if ('index' in selector) return this.links.get(selector.index);
    return [...this.links.values()].find((link) => link.name === selector.name);
  }

  /** @throws {@link NetlinkError} `ENODEV` */
  require(selector: LinkSelector, purpose: Purpose): FakeLink {
    const link = this.find(selector);
    if (link === undefined) throw refusal('ENODEV', purpose);
    return link;
  }

  /** Forgets what depends on a link that goes away or to another namespace. */
  detach(link: FakeLink): void {
    const isOther = ({ linkIndex }: { readonly linkIndex?: number }): boolean => linkIndex !== link.index;
    this.links.delete(link.index);
    for (const port of this.links.values()) if (port.masterIndex === link.index) delete port.masterIndex;
    keep(this.addresses, isOther);
    keep(this.routes, isOther);
    keep(this.neighbours, isOther);
  }
}

/** Removes in place what `predicate` does not want; true: something went. */
export function keep<T>(list: T[], predicate: (item: T) => boolean): boolean {
  const kept = list.filter(predicate);
  const hasChanged = kept.length < list.length;
  list.splice(0, list.length, ...kept);
  return hasChanged;
}
