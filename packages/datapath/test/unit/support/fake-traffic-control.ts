import { NetlinkError, type Rtnl } from '@routed/netns';
import type {
  ClassSpec,
  Filter,
  FilterSpec,
  Qdisc,
  QdiscSpec,
  Statistics,
  TrafficClass,
  TrafficControl,
} from '@routed/netns/tc';

const NO_STATISTICS: Statistics = {
  ...{ bytes: 0, packets: 0, drops: 0, overlimits: 0 },
  ...{ requeues: 0, queueLength: 0, backlogBytes: 0 },
};

/** Traffic control on links in memory: what links that are there were given, as far as limits use it. */
export class FakeTrafficControl implements TrafficControl {
  readonly #rtnl: Pick<Rtnl, 'links'>;
  readonly #qdiscs = new Map<string, Qdisc>();
  readonly #classes = new Map<string, TrafficClass>();
  readonly #filters = new Map<string, Filter>();
  /** Kinds that this kernel lacks. */
  readonly missing = new Set<string>();

  constructor(rtnl: Pick<Rtnl, 'links'>) {
    this.#rtnl = rtnl;
  }

  readonly qdiscs: TrafficControl['qdiscs'] = {
    add: async (spec) => {
      this.#refuseMissing(spec);
      if ((await this.qdiscs.list(spec)).some(({ parent }) => parent === parentOf(spec))) throw failure('EEXIST', spec);
      return this.#putQdisc(spec);
    },
    replace: (spec) => {
      this.#refuseMissing(spec);
      return Promise.resolve(this.#putQdisc(spec));
    },
    delete: ({ linkIndex, parent }) => Promise.resolve(this.#qdiscs.delete(`${linkIndex} ${parent}`)),
    list: async ({ linkIndex } = {}) => await this.#present(this.#qdiscs, linkIndex),
  };

  readonly classes: TrafficControl['classes'] = {
    add: (spec) => Promise.resolve(this.#putClass(spec)),
    replace: (spec) => Promise.resolve(this.#putClass(spec)),
    delete: ({ linkIndex, handle }) => Promise.resolve(this.#classes.delete(`${linkIndex} ${handle}`)),
    list: async ({ linkIndex }) => await this.#present(this.#classes, linkIndex),
  };

  readonly filters: TrafficControl['filters'] = {
    add: (spec) => Promise.resolve(this.#putFilter(spec)),
    replace: (spec) => Promise.resolve(this.#putFilter(spec)),
    delete: ({ linkIndex, priority = 0 }) => Promise.resolve(this.#filters.delete(`${linkIndex} ${priority}`)),
    list: async ({ linkIndex }) => await this.#present(this.#filters, linkIndex),
  };

  close(): Promise<void> {
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #refuseMissing(spec: QdiscSpec): void {
    if (this.missing.has(spec.kind)) throw failure('ENOENT', spec);
  }

  #putQdisc(spec: QdiscSpec): Qdisc {
    const { linkIndex, kind, handle = '1:' } = spec;
    const parent = parentOf(spec);
    const qdisc = { linkIndex, kind, parent, handle, settings: spec };
    this.#qdiscs.set(`${linkIndex} ${parent}`, qdisc);
    return qdisc;
  }

  #putClass(spec: ClassSpec): TrafficClass {
    const { linkIndex, kind, parent, handle } = spec;
    const settings = { ...spec, ceilBitsPerSec: spec.ceilBitsPerSec ?? spec.rateBitsPerSec };
    const made = { linkIndex, kind, parent, handle, settings, statistics: NO_STATISTICS };
    this.#classes.set(`${linkIndex} ${handle}`, made);
    return made;
  }

  #putFilter(spec: FilterSpec): Filter {
    const { linkIndex, kind, parent, protocol = 'all', priority = 0, handle = 0, chain = 0 } = spec;
    const made = { linkIndex, kind, parent, protocol, priority, handle, chain, settings: spec };
    this.#filters.set(`${linkIndex} ${priority}`, made);
    return made;
  }

  /** What a link had goes with it. */
  async #present<T extends { readonly linkIndex: number }>(
    rows: Map<string, T>,
    linkIndex: number | undefined,
  ): Promise<T[]> {
    const there = new Set((await this.#rtnl.links.list()).map(({ index }) => index));
    for (const [key, row] of rows) if (!there.has(row.linkIndex)) rows.delete(key);
    return [...rows.values()].filter((row) => linkIndex === undefined || row.linkIndex === linkIndex);
  }
}

function parentOf({ kind, parent }: QdiscSpec): string {
  return kind === 'clsact' || kind === 'ingress' ? 'ffff:fff1' : (parent ?? 'root');
}

function failure(code: 'EEXIST' | 'ENOENT', { kind, linkIndex }: QdiscSpec): NetlinkError {
  const errno = code === 'EEXIST' ? 17 : 2;
  return new NetlinkError({
    code,
    errno,
    operation: 'qdisc.add',
    subject: `${kind} on link ${linkIndex}`,
    reason: code,
  });
}
