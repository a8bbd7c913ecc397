import { BLOCK_PROTOCOL, hostPrefix, MAIN_TABLE, ROUTE_PROTOCOL } from '@routed/datapath';
import type { RouterLines, RouterName } from '@routed/quagga/show';
import type { HostKernel } from './host-kernel.ts';
import type { Life } from './life.ts';
import type { Random } from './random.ts';

/** The protocol number of routes by OSPF. Source: iproute2 etc/rt_protos. */
export const OSPF_PROTOCOL = 188;
/** What zebra gives routes by OSPF. */
const METRIC = 20;
/** How long a router takes for one step, in milliseconds: to read the kernel, to tell a neighbor, to write routes. */
const STEP_MS = 20;
/** After so long without a word a neighbor is taken to be gone, in milliseconds. */
const DEAD_MS = 4_000;
/** A lost update is sent again after so long. Source: RFC 2328 C.3, RxmtInterval. */
const RETRANSMIT_MS = 5_000;
/** How long it takes until two routers that see each other again have each other's announcements. */
const ADJACENCY_MS = 2_000;

/** What one router announces. */
interface Advertisement {
  readonly version: number;
  readonly prefixes: ReadonlySet<string>;
}

/** A router of one host: it learns the plugin's routes of the main table, tells the others, and writes what it hears of them. */
export class Router {
  readonly id: string;
  readonly address: string;
  readonly #fabric: Fabric;
  readonly #random: Random;
  readonly #kernel: () => HostKernel;
  /** By router id; its own among them. */
  readonly heard = new Map<string, Advertisement>();
  isUp = false;
  #isReading = false;
  #isWriting = false;

  constructor(deps: {
    readonly id: string;
    readonly address: string;
    readonly fabric: Fabric;
    readonly random: Random;
    readonly kernel: () => HostKernel;
  }) {
    this.id = deps.id;
    this.address = deps.address;
    this.#fabric = deps.fabric;
    this.#random = deps.random;
    this.#kernel = deps.kernel;
  }

  /** What it announces now. */
  get announced(): ReadonlySet<string> {
    return (this.isUp ? this.heard.get(this.id)?.prefixes : undefined) ?? new Set();
  }

  async start(): Promise<void> {
    this.isUp = true;
    // zebra takes away what it left when it was killed. Source: FRR zebra/zebra_rib.c, rib_sweep_route.
    await this.#writeRoutes(new Map());
    this.read();
    this.#fabric.meet(this);
  }

  kill(): void {
    this.isUp = false;
    this.heard.clear();
    this.#fabric.miss();
  }

  /** Reads the host's routes, a moment from now. */
  read(): void {
    if (this.#isReading || !this.isUp) return;
    this.#isReading = true;
    this.#later(() => {
      this.#isReading = false;
      const prefixes = new Set(this.#own());
      const known = this.heard.get(this.id)?.prefixes ?? new Set();
      if (prefixes.size === known.size && [...prefixes].every((prefix) => known.has(prefix))) return;
      this.#announce(prefixes);
    });
  }

  #announce(prefixes: ReadonlySet<string>): void {
    const advertisement = { version: this.#fabric.nextVersion(), prefixes };
    this.heard.set(this.id, advertisement);
    this.#fabric.flood(this, this.id, advertisement);
    this.write();
  }

  /** Hears what a router announces. */
  hear(origin: string, advertisement: Advertisement): void {
    if (!this.isUp || (this.heard.get(origin)?.version ?? -1) >= advertisement.version) return;
    // What it announced before it was restarted: it takes that back. Source: RFC 2328 13.4.
    if (origin === this.id) {
      this.#announce(new Set(this.#own()));
      return;
    }
    this.heard.set(origin, advertisement);
    this.write();
  }

  /** Writes the routes that it knows, a moment from now. */
  write(): void {
    if (this.#isWriting || !this.isUp) return;
    this.#isWriting = true;
    this.#later(() => {
      this.#isWriting = false;
      void this.#writeRoutes(this.#wanted());
    });
  }

  /** Its command lines, as far as they are asked for duplicates. */
  linesFor(life: Life): RouterLines {
    return {
      ask: (daemon, command) => life.pass('ask the router', () => this.#answer(daemon, command), false),
    };
  }

  /** The other routers that announce a prefix and can be reached. */
  #others(prefix: string): string[] {
    return [...this.heard]
      .filter(([origin, { prefixes }]) => origin !== this.id && prefixes.has(prefix))
      .map(([origin]) => origin)
      .filter((origin) => this.#fabric.isReachable(this.id, origin))
      .sort();
  }

  #own(): string[] {
    const { routes } = this.#kernel().state;
    return (
      routes
        .filter(
          ({ protocol, table }) => table === MAIN_TABLE && (protocol === ROUTE_PROTOCOL || protocol === BLOCK_PROTOCOL),
        )
        // Source: FRR zebra/rt_netlink.c, netlink_route_change_read_unicast.
        .filter(({ type }) => type !== 'throw')
        .map(({ destination }) => destination)
    );
  }

  /** The kernel's own route wins; of two routers the one with the lower id. */
  #wanted(): Map<string, string> {
    const own = new Set(this.#own());
    const all = new Set([...this.heard.values()].flatMap(({ prefixes }) => [...prefixes]));
    const wanted = new Map<string, string>();
    for (const prefix of all) {
      const [first] = this.#others(prefix);
      if (first !== undefined && !own.has(prefix)) wanted.set(prefix, this.#fabric.addressOf(first));
    }
    return wanted;
  }

  async #writeRoutes(wanted: ReadonlyMap<string, string>): Promise<void> {
    const kernel = this.#kernel();
    const { fake } = kernel;
    const present = kernel.state.routes.filter(({ protocol }) => protocol === OSPF_PROTOCOL);
    for (const { destination } of present) {
      if (!wanted.has(destination)) await fake.routes.delete({ destination, protocol: OSPF_PROTOCOL });
    }
    for (const [destination, gateway] of wanted) {
      if (present.some((route) => route.destination === destination && route.gateway === gateway)) continue;
      await fake.routes.replace({ destination, gateway, protocol: OSPF_PROTOCOL, metric: METRIC });
    }
    kernel.changed();
  }

  #later(work: () => void): void {
    const kernel = this.#kernel();
    setTimeout(
      () => {
        // A host that has lost power has another kernel.
        if (this.isUp && this.#kernel() === kernel) {
          work();
          return;
        }
        this.#isReading = this.#isWriting = false;
        this.read();
        this.write();
      },
      this.#random.between(0, STEP_MS),
    );
  }

  #answer(daemon: RouterName, command: string): unknown {
    if (!this.isUp) return undefined;
    if (daemon === 'zebra' && command === 'show ip route summary json') return this.#summary();
    const route = /^show ip route (\S+) json$/.exec(command)?.[1];
    if (daemon === 'zebra' && route !== undefined) return { [route]: this.#routesTo(route) };
    const external = /^show ip ospf database external (\S+) json$/.exec(command)?.[1];
    if (daemon === 'ospfd' && external !== undefined) return this.#externals(hostPrefix(external));
    return undefined;
  }

  #summary(): object {
    const own = this.#own();
    const learnt = [...new Set([...this.heard.values()].flatMap(({ prefixes }) => [...prefixes]))].filter(
      (prefix) => this.#others(prefix).length > 0,
    );
    const losing = learnt.filter((prefix) => own.includes(prefix));
    return { routesTotal: own.length + learnt.length, routesTotalFib: own.length + learnt.length - losing.length };
  }

  #routesTo(prefix: string): object[] {
    const nexthops = this.#others(prefix).map((router) => ({ ip: this.#fabric.addressOf(router) }));
    return [
      ...(this.#own().includes(prefix) ? [{ protocol: 'kernel', nexthops: [] }] : []),
      ...(nexthops.length > 0 ? [{ protocol: 'ospf', nexthops }] : []),
    ];
  }

  /** Also those of routers that cannot be reached: an announcement lives for an hour. Source: RFC 2328 B, MaxAge. */
  #externals(prefix: string): object {
    const from = [...this.heard].filter(([, { prefixes }]) => prefixes.has(prefix)).map(([origin]) => origin);
    const states = from.map((advertisingRouter) => ({ lsaAge: 1, advertisingRouter, networkMask: 32 }));
    return { routerId: this.id, asExternalLinkStates: states };
  }
}

/** The routers of a cluster and what is between them. */
export class Fabric {
  readonly #random: Random;
  readonly routers: Router[] = [];
  /** Pairs that cannot hear each other. */
  readonly #cuts = new Set<string>();
  /** Whether routers have noticed yet that one is gone. */
  #reached = new Set<string>();
  #version = 0;
  lossPart = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  nextVersion(): number {
    return ++this.#version;
  }

  addresses(): string[] {
    return this.routers.map(({ address }) => address);
  }

  addressOf(id: string): string {
    return this.routers.find((router) => router.id === id)?.address ?? '';
  }

  /** Whether `from` believes that it reaches `to`: it notices after a while that it does not. */
  isReachable(from: string, to: string): boolean {
    return this.#reached.has(pair(from, to));
  }

  /** Whether two routers hear each other, by others in between, too. */
  isConnected(from: Router, to: Router): boolean {
    const seen = new Set([from]);
    for (const one of seen) {
      for (const other of this.routers) {
        if (one.isUp && other.isUp && !this.#cuts.has(pair(one.id, other.id))) seen.add(other);
      }
    }
    return seen.has(to);
  }

  /** Nothing gets from one to the other any more; or does again. */
  setCut(one: Router, other: Router, isCut: boolean): void {
    if (isCut) this.#cuts.add(pair(one.id, other.id));
    else this.#cuts.delete(pair(one.id, other.id));
    if (isCut) this.miss();
    else this.meet(one);
  }

  healAll(): void {
    this.#cuts.clear();
    for (const router of this.routers) this.meet(router);
  }

  /** Tells all others. */
  flood(from: Router, origin: string, advertisement: Advertisement): void {
    for (const to of this.routers) {
      if (to === from) continue;
      const isLost = this.#random.isTrue(this.lossPart);
      const afterMs = this.#random.between(1, STEP_MS) + (isLost ? RETRANSMIT_MS : 0);
      setTimeout(() => {
        if (this.isConnected(from, to)) to.hear(origin, advertisement);
      }, afterMs);
    }
  }

  /** A router sees others that it did not: they tell each other all that they know. */
  meet(router: Router): void {
    setTimeout(
      () => {
        for (const other of this.routers) {
          if (other === router || !this.isConnected(router, other)) continue;
          for (const [origin, advertisement] of router.heard) other.hear(origin, advertisement);
          for (const [origin, advertisement] of other.heard) router.hear(origin, advertisement);
        }
        this.#look();
      },
      this.#random.between(0, ADJACENCY_MS),
    );
  }

  /** A router, or what is between two, is gone: those that are left notice it after a while. */
  miss(): void {
    setTimeout(() => this.#look(), DEAD_MS);
  }

  #look(): void {
    this.#reached = new Set();
    for (const one of this.routers) {
      for (const other of this.routers) {
        if (one !== other && this.isConnected(one, other)) this.#reached.add(pair(one.id, other.id));
      }
    }
    for (const router of this.routers) router.write();
  }
}

function pair(one: string, other: string): string {
  return [one, other].sort().join(' ');
}
