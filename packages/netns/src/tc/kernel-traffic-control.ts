import { type Check, object, optional, text, whole } from '../check/check.ts';
import { checkArgument } from '../check/argument.ts';
import { NetlinkError, isNetlinkError } from '../errors.ts';
import type { NetlinkMessage } from '../codec/reader.ts';
import type { Netlink } from '../netlink/contract.ts';
import { NLM_F_CREATE, NLM_F_ECHO, NLM_F_EXCL, NLM_F_REPLACE } from '../uapi/netlink.ts';
import { FILTER_KINDS } from './filters/classifiers.ts';
import { PARENT_OF_INGRESS, asHandle, formatHandle, parseHandle } from './handle.ts';
import { CLASS_KINDS, QDISC_KINDS } from './kinds/qdisc-kinds.ts';
import { type Row, decodeRow, encodeKey, encodeObject, tcmsg } from './message.ts';
import { PROTOCOL, etherTypeOf, networkOrder, protocolOf } from './protocol.ts';
import type {
  ClassSpec,
  Classes,
  Filter,
  FilterPlace,
  FilterSpec,
  Filters,
  Qdisc,
  QdiscSpec,
  Qdiscs,
  TrafficClass,
  TrafficControl,
} from './types.ts';

/** Message types of the three sorts of objects. Source: linux uapi rtnetlink.h. */
const QDISC = { sort: 'qdisc', new: 36, delete: 37, get: 38, kinds: QDISC_KINDS } as const;
const CLASS = { sort: 'class', new: 40, delete: 41, get: 42, kinds: CLASS_KINDS } as const;
const FILTER = { sort: 'filter', new: 44, delete: 45, get: 46, kinds: FILTER_KINDS } as const;
type Sort = typeof QDISC | typeof CLASS | typeof FILTER;

const ADD = { verb: 'add', flags: NLM_F_CREATE | NLM_F_EXCL } as const;
const REPLACE = { verb: 'replace', flags: NLM_F_CREATE | NLM_F_REPLACE } as const;
type Way = typeof ADD | typeof REPLACE;

const index = whole(1, 0x7fff_ffff);
const number = whole(0, 0xffff_ffff);

/** The objects of one sort, whatever they are. */
class Objects {
  readonly #netlink: Netlink;
  readonly #sort: Sort;

  constructor(netlink: Netlink, sort: Sort) {
    this.#netlink = netlink;
    this.#sort = sort;
  }

  /** Makes an object; the kernel echoes it. */
  async put(header: Uint8Array, attributes: Uint8Array, { verb, flags }: Way, subject: string): Promise<Row> {
    const type = this.#sort.new;
    const operation = `${this.#sort.sort}.${verb}`;
    const request = { type, flags: flags | NLM_F_ECHO, header, attributes, operation, subject };
    const replies = await this.#netlink.request(request);
    // What it replaces is reported before.
    const made = replies.findLast((reply) => reply.type === type);
    if (made !== undefined) return this.#decode(made);
    const reason = 'the kernel did not say what it made';
    throw new NetlinkError({ code: 'EBADMSG', errno: 0, operation, subject, reason });
  }

  async delete(header: Uint8Array, attributes: Uint8Array, subject: string): Promise<boolean> {
    const operation = `${this.#sort.sort}.delete`;
    try {
      await this.#netlink.request({ type: this.#sort.delete, header, attributes, operation, subject });
      return true;
    } catch (error) {
      if (isNetlinkError(error, 'ENOENT', 'ENODEV')) return false;
      throw error;
    }
  }

  /** Those of one link; of all, if that is 0. */
  async list(linkIndex: number, parent: number, subject: string): Promise<Row[]> {
    const header = tcmsg(linkIndex, 0, parent);
    const rows: Row[] = [];
    const operation = `${this.#sort.sort}.list`;
    for await (const message of this.#netlink.dump({ type: this.#sort.get, header, operation, subject })) {
      const row = this.#decode(message);
      if (linkIndex === 0 || row.linkIndex === linkIndex) rows.push(row);
    }
    return rows;
  }

  #decode(message: NetlinkMessage): Row {
    return decodeRow(message, this.#sort.kinds);
  }
}

const HAS_NO_PARENT: ReadonlySet<string> = new Set(['ingress', 'clsact']);
const qdiscFields = { linkIndex: index, parent: optional(asHandle.check), handle: optional(asHandle.check) };
const qdiscKey = object<{ readonly linkIndex: number; readonly parent: string; readonly handle?: string }>(
  { linkIndex: index, parent: asHandle.check, handle: optional(asHandle.check) },
  ['kind', 'settings', 'statistics', 'unknown'],
);
const linkFilter = object<{ readonly linkIndex?: number }>({ linkIndex: optional(index) });

class KernelQdiscs implements Qdiscs {
  readonly #objects: Objects;

  constructor(netlink: Netlink) {
    this.#objects = new Objects(netlink, QDISC);
  }

  add(spec: QdiscSpec): Promise<Qdisc> {
    return this.#put(spec, ADD);
  }

  replace(spec: QdiscSpec): Promise<Qdisc> {
    return this.#put(spec, REPLACE);
  }

  async delete(key: Parameters<Qdiscs['delete']>[0]): Promise<boolean> {
    checkArgument(qdiscKey, key, 'qdisc.delete');
    const { linkIndex, parent, handle = '0:' } = key;
    const header = tcmsg(linkIndex, parseHandle(handle), parseHandle(parent));
    return this.#objects.delete(header, new Uint8Array(0), `${parent} of link ${linkIndex}`);
  }

  async list(filter: Parameters<Qdiscs['list']>[0] = {}): Promise<Qdisc[]> {
    checkArgument(linkFilter, filter, 'qdisc.list');
    const { linkIndex = 0 } = filter;
    return (await this.#objects.list(linkIndex, 0, linkIndex === 0 ? '' : `link ${linkIndex}`)).map(qdiscOf);
  }

  async #put(spec: QdiscSpec, way: Way): Promise<Qdisc> {
    const attributes = encodeObject(QDISC_KINDS, qdiscFields, spec, `qdisc.${way.verb}`);
    const isHook = HAS_NO_PARENT.has(spec.kind);
    const { linkIndex, parent = isHook ? PARENT_OF_INGRESS : 'root', handle = isHook ? 'ffff:' : '0:' } = spec;
    const header = tcmsg(linkIndex, parseHandle(handle), parseHandle(parent));
    return qdiscOf(await this.#objects.put(header, attributes, way, `${spec.kind} on link ${linkIndex}`));
  }
}

function qdiscOf({ linkIndex, kind, handle, parent, settings, statistics, unknown }: Row): Qdisc {
  return {
    linkIndex,
    kind,
    handle: formatHandle(handle),
    parent: formatHandle(parent),
    ...(settings && { settings: settings as Required<Qdisc>['settings'] }),
    ...(statistics && { statistics }),
    ...(unknown && { unknown }),
  };
}

const classFields = { linkIndex: index, parent: asHandle.check, handle: asHandle.check };
const classKey = object<{ readonly linkIndex: number; readonly handle: string }>(
  { linkIndex: index, handle: asHandle.check },
  ['parent', 'kind', 'leaf', 'settings', 'statistics', 'unknown'],
);
const classFilter = object<{ readonly linkIndex: number; readonly parent?: string }>({
  linkIndex: index,
  parent: optional(asHandle.check),
});

class KernelClasses implements Classes {
  readonly #objects: Objects;

  constructor(netlink: Netlink) {
    this.#objects = new Objects(netlink, CLASS);
  }

  add(spec: ClassSpec): Promise<TrafficClass> {
    return this.#put(spec, ADD);
  }

  replace(spec: ClassSpec): Promise<TrafficClass> {
    return this.#put(spec, REPLACE);
  }

  async delete(key: Parameters<Classes['delete']>[0]): Promise<boolean> {
    checkArgument(classKey, key, 'class.delete');
    const { linkIndex, handle } = key;
    return this.#objects.delete(
      tcmsg(linkIndex, parseHandle(handle)),
      new Uint8Array(0),
      `${handle} of link ${linkIndex}`,
    );
  }

  async list(filter: Parameters<Classes['list']>[0]): Promise<TrafficClass[]> {
    checkArgument(classFilter, filter, 'class.list');
    const { linkIndex, parent = '0:' } = filter;
    return (await this.#objects.list(linkIndex, parseHandle(parent) ?? 0, `link ${linkIndex}`)).map(classOf);
  }

  async #put(spec: ClassSpec, way: Way): Promise<TrafficClass> {
    const attributes = encodeObject(CLASS_KINDS, classFields, spec, `class.${way.verb}`);
    const { linkIndex, parent, handle } = spec;
    const header = tcmsg(linkIndex, parseHandle(handle), parseHandle(parent));
    return classOf(await this.#objects.put(header, attributes, way, `${handle} on link ${linkIndex}`));
  }
}

function classOf(row: Row): TrafficClass {
  const { linkIndex, kind, handle, parent, info, settings, statistics, unknown } = row;
  return {
    linkIndex,
    kind,
    handle: formatHandle(handle),
    parent: formatHandle(parent),
    ...(info !== 0 && { leaf: formatHandle(info) }),
    ...(settings && { settings: settings as Required<TrafficClass>['settings'] }),
    ...(statistics && { statistics }),
    ...(unknown && { unknown }),
  };
}

const filterFields = {
  linkIndex: index,
  parent: asHandle.check,
  protocol: optional(PROTOCOL),
  priority: optional(whole(0, 0xffff)),
  handle: optional(number),
  chain: optional(number),
};
const filterKey: Check<FilterPlace & { readonly kind?: string }> = object<FilterPlace & { readonly kind?: string }>(
  { ...filterFields, kind: optional(text) },
  ['settings', 'unknown'],
);
const filterFilter = object<{ readonly linkIndex: number; readonly parent: string }>({
  linkIndex: index,
  parent: asHandle.check,
});

class KernelFilters implements Filters {
  readonly #objects: Objects;

  constructor(netlink: Netlink) {
    this.#objects = new Objects(netlink, FILTER);
  }

  add(spec: FilterSpec): Promise<Filter> {
    return this.#put(spec, ADD);
  }

  replace(spec: FilterSpec): Promise<Filter> {
    return this.#put(spec, REPLACE);
  }

  async delete(key: Parameters<Filters['delete']>[0]): Promise<boolean> {
    checkArgument(filterKey, key, 'filter.delete');
    const { protocol, priority = 0, kind, chain } = key;
    // Without a priority the kernel takes the protocol for one that it should have been told.
    const etherType = priority === 0 && protocol === undefined ? 0 : etherTypeOf(protocol);
    return this.#objects.delete(filterHeader(key, etherType), encodeKey(kind, chain), placeOf(key));
  }

  async list(filter: Parameters<Filters['list']>[0]): Promise<Filter[]> {
    checkArgument(filterFilter, filter, 'filter.list');
    const { linkIndex, parent } = filter;
    const rows = await this.#objects.list(linkIndex, parseHandle(parent) ?? 0, `${parent} of link ${linkIndex}`);
    // Before the filters of a priority comes a row for the priority itself.
    return rows.filter(({ settings, handle }) => settings !== undefined || handle !== 0).map(filterOf);
  }

  async #put(spec: FilterSpec, way: Way): Promise<Filter> {
    const attributes = encodeObject(FILTER_KINDS, filterFields, spec, `filter.${way.verb}`);
    const header = filterHeader(spec, etherTypeOf(spec.protocol));
    return filterOf(await this.#objects.put(header, attributes, way, `${spec.kind} at ${placeOf(spec)}`));
  }
}

/** The fifth number is the priority and, in network byte order, the protocol. Source: linux uapi pkt_sched.h `TC_H_MAKE`. */
function filterHeader({ linkIndex, parent, priority = 0, handle = 0 }: FilterPlace, etherType: number): Uint8Array {
  return tcmsg(linkIndex, handle, parseHandle(parent), priority * 0x1_0000 + networkOrder(etherType));
}

function placeOf({ linkIndex, parent }: FilterPlace): string {
  return `${parent} of link ${linkIndex}`;
}

function filterOf({ linkIndex, kind, handle, parent, info, chain, settings, unknown }: Row): Filter {
  return {
    linkIndex,
    kind,
    parent: formatHandle(parent),
    protocol: protocolOf(networkOrder(info & 0xffff)),
    priority: info >>> 16,
    handle,
    chain,
    ...(settings && { settings: settings as Required<Filter>['settings'] }),
    ...(unknown && { unknown }),
  };
}

/** {@link TrafficControl} over a connection to rtnetlink. */
export class KernelTrafficControl implements TrafficControl {
  readonly qdiscs: Qdiscs;
  readonly classes: Classes;
  readonly filters: Filters;
  readonly #netlink: Netlink;

  /** Takes over `netlink`. */
  constructor(netlink: Netlink) {
    this.#netlink = netlink;
    this.qdiscs = new KernelQdiscs(netlink);
    this.classes = new KernelClasses(netlink);
    this.filters = new KernelFilters(netlink);
  }

  close(): Promise<void> {
    return this.#netlink.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
