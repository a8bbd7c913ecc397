import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { LabError, type Host, type Lab, type LinkSpec, type Router, type RouterConfig } from '@routed/lab';
import type { FrrRelease, RouterDaemon } from '@routed/lab';
import { readProcess, type ProcessFigures } from '../process/process-figures.ts';
import { containersPrefix } from './containers.ts';

const batchTimeoutMs = 120_000;
const lookEveryMs = 20;

/** Where a router is in a fleet. */
export interface Place {
  readonly name: string;
  readonly release: FrrRelease;
  readonly routerId: string;
  /** With prefix length, on the segment that all share; without it, there are only wires. */
  readonly uplink?: string;
}

/** A host without Docker: routes like the plugin's, and real routing daemons. */
export class ScaleRouter {
  readonly name: string;
  readonly #host: Host;
  readonly #routerId: string;
  #router: Router | undefined;
  #otherRoutes = 0;

  private constructor(host: Host, { name, routerId }: Place) {
    this.name = name;
    this.#host = host;
    this.#routerId = routerId;
  }

  static async open(lab: Lab, place: Place): Promise<ScaleRouter> {
    const { name, release, uplink } = place;
    const host = await lab.addHost({
      name,
      engine: 'none',
      router: release,
      ipForward: true,
      uplink: uplink === undefined ? 'none' : { address: uplink },
    });
    return new ScaleRouter(host, place);
  }

  /** Starts its daemons: its links are there. */
  async start(config: RouterConfig): Promise<void> {
    await this.#batch([
      'link add containers type veth peer name containers-end',
      'link set containers up',
      'link set containers-end up',
      `address add ${this.#routerId}/32 dev lo`,
    ]);
    // A leaf joins OSPF's group once for each link, by one socket.
    await this.#host.exec(['sysctl', '-qw', 'net.ipv4.igmp_max_memberships=1000']);
    this.#router = await this.#host.startRouter(config);
  }

  linkTo(link: string, address: string | null): LinkSpec {
    return { host: this.#host, link, address };
  }

  get router(): Router {
    if (this.#router === undefined) throw new RangeError(`${this.name} has not been started`);
    return this.#router;
  }

  /** Adds or deletes routes, and returns when that was done. */
  async change(verb: 'add' | 'delete', routes: readonly string[]): Promise<number> {
    await this.#batch(routes.map((route) => `route ${verb} ${route}`));
    return performance.now();
  }

  /** Kills its daemons, as a power cut does, and leaves no route of its containers or of other routers. */
  async crash(): Promise<void> {
    await this.router.stop('SIGKILL');
    // Some of zebra's routes have next hops of their own in the kernel, which take the routes with them.
    await this.#host.exec(['ip', 'nexthop', 'flush']);
    await this.#host.exec(['ip', 'route', 'flush', 'table', 'main', 'root', containersPrefix]);
  }

  /** Starts the daemons again, and returns when that began. */
  async restart(): Promise<number> {
    const startedMs = performance.now();
    await this.router.start();
    return startedMs;
  }

  /**
   * When the kernel had so many routes of containers in its main table, after {@link ScaleRouter.calibrate}: asked again
   * and again, as it drops news in a burst.
   * @throws {@link LabError} `timeout`
   */
  async untilRoutes(wanted: number, timeoutMs: number): Promise<number> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const found = (await this.#countAll()) - this.#otherRoutes;
      const atMs = performance.now();
      if (found === wanted) return atMs;
      if (atMs > deadline) throw new LabError('timeout', `${this.name} has ${found} routes instead of ${wanted}`);
      await sleep(lookEveryMs);
    }
  }

  /** Says that all its routes but so many are not of containers: {@link ScaleRouter.untilRoutes} leaves them out. */
  async calibrate(containerRoutes: number): Promise<void> {
    this.#otherRoutes = (await this.#countAll()) - containerRoutes;
  }

  /** Lists the routes of containers in the main table and counts them: too slow to wait with for many. */
  async listRoutes(): Promise<number> {
    const { stdout } = await this.#host.exec(['ip', 'route', 'show', 'table', 'main', 'root', containersPrefix]);
    return stdout.split('\n').filter((line) => /^(blackhole )?10\./.test(line)).length;
  }

  async readDaemon(daemon: RouterDaemon): Promise<ProcessFigures> {
    const pid = Number(await readFile(this.#host.outsidePath(`/run/frr/${daemon}.pid`), 'utf8'));
    return readProcess(pid, this.#host.outsidePath('/proc'));
  }

  /** External LSAs that ospfd has. */
  async countExternalLsas(): Promise<number> {
    const { lsaExternalCounter } = JSON.parse(await this.router.vtysh('show ip ospf json')) as {
      lsaExternalCounter: number;
    };
    return lsaExternalCounter;
  }

  /** The kernel's own count: to list the routes would take the routers' time. */
  async #countAll(): Promise<number> {
    const statistics = await readFile(`/proc/${this.#host.keeperPid}/net/fib_triestat`, 'utf8');
    return Number(/^Main:[^]*?Prefixes:\s*(\d+)/m.exec(statistics)?.[1]);
  }

  async #batch(lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return;
    await this.#host.exec(['ip', '-batch', '-'], { input: `${lines.join('\n')}\n`, timeoutMs: batchTimeoutMs });
  }
}
