import type { Link, LinkFilter, Links, Listed, MonitorEvents, Rtnl } from '@routed/netns';
import { setImmediate as nextTurn } from 'node:timers/promises';

/**
 * How long a list is kept at most, in milliseconds: less than from one periodic comparison to the next. The kernel reports nothing of
 * another alias or group of a link that is down. Source: linux net/core/dev.c `netdev_state_change`.
 */
const KEPT_MS = 20_000;

/** What tells of changes of links: a Monitor of @routed/netns with the group `link`. */
interface LinkEvents {
  on<Name extends 'link' | 'overrun' | 'error'>(event: Name, listener: (...data: MonitorEvents[Name]) => void): unknown;
}

/** What was read, or is being read. */
interface Reading {
  /** On the clock of `performance.now`, in milliseconds. */
  readonly startedMs: number;
  readonly links: Promise<Listed<Link>>;
}

/**
 * The same connection, whose lists of links are read from the kernel once for all who ask until a link changes.
 *
 * The kernel looks the number of each link's other namespace up among those of all the others, so that a list takes a time that is
 * quadratic in the number of containers, whatever it is filtered by. Source: linux net/core/net_namespace.c `__peernet2id`.
 *
 * A list is as new as if it had been read when it was asked for, but for what the kernel reports nothing of: that is seen within
 * 20 s. The links of one list are shared by those who asked.
 *
 * @param events opened before, in the same namespace
 */
export function shareLinks(rtnl: Rtnl, events: LinkEvents): Rtnl {
  const { links, addresses, routes, neighbours, rules } = rtnl;
  const { nextHops, fdb, bridgeVlans, namespaceIds, virtualFunctions } = rtnl;
  const shared = new SharedList(links, events);
  return {
    links: {
      createVeth: (spec) => links.createVeth(spec),
      createDummy: (spec) => links.createDummy(spec),
      createBridge: (spec) => links.createBridge(spec),
      create: (spec) => links.create(spec),
      configure: (selector, settings) => links.configure(selector, settings),
      configurePort: (selector, settings) => links.configurePort(selector, settings),
      inspect: (selector) => links.inspect(selector),
      get: (selector) => links.get(selector),
      getPeer: (selector) => links.getPeer(selector),
      list: (filter) => shared.list(filter),
      set: (selector, change) => links.set(selector, change),
      delete: (selector) => links.delete(selector),
      deleteGroup: (group) => links.deleteGroup(group),
    },
    ...{ addresses, routes, neighbours, rules, nextHops, fdb, bridgeVlans, namespaceIds, virtualFunctions },
    batch: (ask) => rtnl.batch(ask),
    within: (limits) => rtnl.within(limits),
    close: () => rtnl.close(),
    [Symbol.asyncDispose]: () => rtnl.close(),
  };
}

/** All links of the host, as long as they are as they were read. */
class SharedList {
  readonly #links: Pick<Links, 'list'>;
  #isDeaf = false;
  #reading: Reading | undefined;

  constructor(links: Pick<Links, 'list'>, events: LinkEvents) {
    this.#links = links;
    const forget = (): void => void (this.#reading = undefined);
    events.on('link', forget);
    events.on('overrun', forget);
    events.on('error', () => {
      this.#isDeaf = true;
      forget();
    });
  }

  async list(filter: LinkFilter = {}): Promise<Listed<Link>> {
    // What has happened so far is told in the turn after this one.
    for (let turn = 0; turn < 2; turn++) await nextTurn();
    const isRare = filter.kind !== undefined && filter.kind !== 'veth';
    // Few of thousands: the kernel passes over the others before it looks anything up.
    if (this.#isDeaf || (isRare && this.#kept() === undefined)) return this.#links.list(filter);
    const all = await (this.#kept() ?? this.#read()).links;
    const found: Listed<Link> = all.filter((link) => matches(link, filter));
    return all.isInterrupted === true ? Object.assign(found, { isInterrupted: true } as const) : found;
  }

  #kept(): Reading | undefined {
    const isOld = this.#reading !== undefined && performance.now() - this.#reading.startedMs > KEPT_MS;
    if (isOld) this.#reading = undefined;
    return this.#reading;
  }

  #read(): Reading {
    const reading = { startedMs: performance.now(), links: this.#links.list() };
    this.#reading = reading;
    const drop = (): void => {
      if (this.#reading === reading) this.#reading = undefined;
    };
    reading.links.then(({ isInterrupted }) => {
      if (isInterrupted === true) drop();
    }, drop);
    return reading;
  }
}

function matches(link: Link, { kind, group, masterIndex }: LinkFilter): boolean {
  if (kind !== undefined && link.kind !== kind) return false;
  if (group !== undefined && link.group !== group) return false;
  return masterIndex === undefined || link.masterIndex === masterIndex;
}
