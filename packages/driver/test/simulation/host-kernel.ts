import { EventEmitter } from 'node:events';
import type { Address, Link, Monitor, MonitorEvents, Netns, Route, Rtnl } from '@routed/netns';
import { fakeKernel, type FakeKernel, type FakeState } from '@routed/netns/testing';
import type { Life } from './life.ts';
import type { Random } from './random.ts';

/** How late a change of the kernel may be heard of, in milliseconds. */
const NEWS_MS = 5;
const READS: ReadonlySet<string> = new Set(['get', 'getPeer', 'list']);
const SERVICES = ['links', 'addresses', 'routes', 'neighbours', 'rules'] as const;

type News = Pick<MonitorEvents, 'link' | 'address' | 'route'>;
type Item = { readonly kind: keyof News; readonly object: Link | Address | Route };

/** A kernel in memory that tells of its changes, from boot to the loss of power. */
export class HostKernel {
  readonly fake: FakeKernel = fakeKernel();
  /** Whether nf_tables marks connections. */
  hasMarks = false;
  readonly #random: Random;
  readonly #emitter = new EventEmitter<News>();
  /** What watches changes at once, such as a router on its own socket. */
  readonly #watchers = new Set<() => void>();
  #known: ReadonlyMap<string, string> = new Map();
  #newsAtMs = 0;
  #state: FakeState | undefined;

  constructor(random: Random) {
    this.#random = random;
    this.#emitter.setMaxListeners(0);
  }

  /** Sets the links of the machine up: loopback, and one network card, at which others answer. */
  async boot(address: string, others: readonly string[]): Promise<void> {
    await this.fake.links.set({ name: 'lo' }, { isUp: true });
    const { index } = await this.fake.links.createDummy({ name: 'up0' });
    await this.fake.links.set({ index }, { isUp: true });
    await this.fake.addresses.add({ linkIndex: index, address: `${address}/24` });
    for (const [at, other] of others.entries())
      await this.fake.neighbours.replace({ linkIndex: index, address: other, mac: `02:00:00:00:00:0${at + 1}` });
    this.changed();
  }

  /** What it has, as of the last change. */
  get state(): FakeState {
    this.#state ??= this.fake.inspect();
    return this.#state;
  }

  onChange(watch: () => void): void {
    this.#watchers.add(watch);
  }

  /** To be called after each change: tells those who listen. */
  changed(): void {
    this.#state = undefined;
    const known = this.#read();
    const news = [...differences(this.#known, known)].filter(([, item]) => this.#isTold(item));
    this.#known = known;
    if (news.length === 0) return;
    for (const watch of this.#watchers) watch();
    // One after another, as they come from one socket.
    this.#newsAtMs = Math.max(this.#newsAtMs, performance.now() + this.#random.between(0, NEWS_MS));
    setTimeout(() => {
      for (const [change, { kind, object }] of news) this.#tell(change, kind, object);
    }, this.#newsAtMs - performance.now());
  }

  /** What this kernel tells one run of a process of. */
  monitorFor(life: Life): Pick<Monitor, 'on'> {
    const monitor = {
      on: (event: keyof MonitorEvents, listener: (...data: never[]) => void): unknown => {
        const told = listener as (...data: unknown[]) => void;
        if (event === 'link' || event === 'address' || event === 'route') {
          this.#emitter.on(event, (...data: unknown[]) => {
            if (!life.isDead) told(...data);
          });
        }
        return monitor;
      },
    };
    return monitor as unknown as Pick<Monitor, 'on'>;
  }

  /** The kernel as one run of a process reaches it; what the daemon never asks for goes past it. */
  rtnlFor(life: Life): Rtnl {
    const services = SERVICES.map((name) => [name, this.#serviceFor(life, name)] as const);
    const { nextHops, fdb, bridgeVlans, namespaceIds, virtualFunctions } = this.fake;
    return {
      ...{ nextHops, fdb, bridgeVlans, namespaceIds, virtualFunctions },
      within: (limits) => this.fake.within(limits),
      ...(Object.fromEntries(services) as unknown as Pick<Rtnl, (typeof SERVICES)[number]>),
      batch: (ask) => life.pass('batch', () => this.#noting(() => this.fake.batch(ask))),
      close: () => Promise.resolve(),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  netnsFor(life: Life): Pick<Netns, 'readSysctl' | 'writeSysctl'> {
    const { netns } = this.fake;
    return {
      readSysctl: (key) => life.pass(`read ${key}`, () => netns.readSysctl(key), false),
      writeSysctl: (key, value) => life.pass(`write ${key}`, () => netns.writeSysctl(key, value)),
    };
  }

  #serviceFor(life: Life, name: (typeof SERVICES)[number]): object {
    return new Proxy(this.fake[name], {
      get: (target, property) => {
        const method: unknown = Reflect.get(target, property);
        if (typeof method !== 'function') return method;
        const isWrite = !READS.has(String(property));
        const what = `${name}.${String(property)}`;
        return (...args: unknown[]): unknown => {
          // No endpoint is limited here: what the daemon looks up at its start takes no time.
          if (what === 'links.list' && isOfShaping(args)) return Reflect.apply(method, target, args) as unknown;
          const call = async (): Promise<unknown> => (await Reflect.apply(method, target, args)) as unknown;
          return life.pass(what, isWrite ? () => this.#noting(call) : call, isWrite);
        };
      },
    });
  }

  async #noting<T>(write: () => Promise<T>): Promise<T> {
    try {
      return await write();
    } finally {
      this.changed();
    }
  }

  #read(): Map<string, string> {
    const { links, addresses, routes } = this.state;
    const found = new Map<string, string>();
    const note = (key: string, item: Item): unknown => found.set(key, JSON.stringify(item));
    for (const object of links) note(`link ${object.index}`, { kind: 'link', object });
    for (const object of addresses) note(`address ${object.linkIndex} ${object.address}`, { kind: 'address', object });
    for (const object of routes) {
      const { destination, table, metric = 0 } = object;
      note(`route ${table} ${destination} ${metric}`, { kind: 'route', object });
    }
    return found;
  }

  /** IPv4 routes that go with their link are not reported. Source: linux net/ipv4/fib_frontend.c, fib_sync_down_dev. */
  #isTold({ kind, object }: Item): boolean {
    if (kind !== 'route') return true;
    const { family, linkIndex } = object as Route;
    const link = this.state.links.find(({ index }) => index === linkIndex);
    return family === 6 || linkIndex === undefined || link?.isUp === true;
  }

  #tell(change: 'new' | 'delete', kind: keyof News, object: Link | Address | Route): void {
    if (kind === 'link') this.#emitter.emit('link', { change, link: object as Link });
    else if (kind === 'address') this.#emitter.emit('address', { change, address: object as Address });
    else this.#emitter.emit('route', { change, route: object as Route });
  }
}

function isOfShaping([filter]: readonly unknown[]): boolean {
  return (filter as { readonly kind?: string } | undefined)?.kind === 'ifb';
}

function* differences(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): Generator<readonly [change: 'new' | 'delete', item: Item]> {
  for (const [key, text] of before) if (!after.has(key)) yield ['delete', JSON.parse(text) as Item];
  for (const [key, text] of after) if (before.get(key) !== text) yield ['new', JSON.parse(text) as Item];
}
