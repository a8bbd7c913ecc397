import { request } from 'node:http';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster, ClusterHost } from './cluster.ts';
import { LabError } from './errors.ts';
import { checkoutProgram } from './plugin.ts';
import {
  sumRequests,
  watchRequests,
  webHealthCheck,
  webMember,
  type RequestReport,
  type RequestWatch,
} from './request-watch.ts';
import { waitUntil } from './unix-http.ts';

/** Where the containers of a {@link RollingService} have their addresses from. */
export interface RollingNetworks {
  /** Arguments of `docker network create`, for the service and for the containers that ask it. */
  readonly service: readonly string[];
  readonly askers: readonly string[];
  /** Of the service. */
  readonly address: string;
}

export const rollingNetworks4: RollingNetworks = {
  service: ['--subnet', '10.1.129.0/24'],
  askers: ['--subnet', '10.1.130.0/24'],
  address: '10.1.129.5',
};

/** Docker 20.10 makes no network without IPv4; nobody announces that part. */
export const rollingNetworks6: RollingNetworks = {
  service: ['--subnet', '10.9.129.0/24', '--ipv6', '--subnet', 'fd00:1::129:0/112'],
  askers: ['--subnet', '10.9.130.0/24', '--ipv6', '--subnet', 'fd00:1::130:0/112'],
  address: 'fd00:1::129:5',
};

export interface RollingOptions {
  readonly networks?: RollingNetworks;
  /** Of the service's network, besides `routed.announce=healthy`. */
  readonly networkOptions?: readonly string[];
  /** Of its `docker run`. */
  readonly runOptions?: readonly string[];
  /** Requests a second of all three askers together. @default 500 */
  readonly perSecond?: number;
}

/** How long a replacement took, in milliseconds. */
export interface Replacement {
  /** From `docker run` on the new host until the old host had handed over, and no connection was left. */
  readonly handedOverMs: number;
  /** Until the old container was removed. */
  readonly totalMs: number;
}

const names = { service: 'rolling', askers: 'asking' } as const;
const healthTimeoutMs = 30_000;
const handoverTimeoutMs = 60_000;
/** Routers, and the clients' first answers. */
const settleMs = 1_000;

/** One web server at one address, on one of two hosts at a time, which is asked by the third host and by a container on each of the two. */
export class RollingService implements AsyncDisposable {
  readonly hosts: readonly [ClusterHost, ClusterHost, ClusterHost];
  readonly address: string;
  readonly #options: RollingOptions;
  #watches: readonly RequestWatch[] = [];
  #at = 0;

  private constructor(hosts: readonly [ClusterHost, ClusterHost, ClusterHost], options: RollingOptions) {
    this.hosts = hosts;
    this.#options = options;
    this.address = (options.networks ?? rollingNetworks4).address;
  }

  /** Makes networks and askers; no service runs yet. @throws RangeError without three hosts */
  static async prepare(cluster: Cluster, options: RollingOptions = {}): Promise<RollingService> {
    const [h1, h2, h3] = cluster.hosts;
    if (h1 === undefined || h2 === undefined || h3 === undefined) throw new RangeError('this takes three hosts');
    const service = new RollingService([h1, h2, h3], options);
    const { networks = rollingNetworks4, networkOptions = [] } = options;
    const settings = ['routed.announce=healthy', ...networkOptions].flatMap((option) => ['-o', option]);
    await Promise.all(
      [h1, h2].map(async ({ host }) => {
        const create = ['network', 'create', '-d', 'routed', '--ipam-driver', 'routed'];
        await host.docker(...create, ...networks.service, ...settings, names.service);
        await host.docker(...create, ...networks.askers, names.askers);
        const idle = ['alpine', 'sh', '-c', 'trap "exit 0" TERM; sleep 86400 & wait'];
        await host.docker('run', '-d', '--name', names.askers, '--network', names.askers, ...idle);
      }),
    );
    return service;
  }

  /** The host that the last replacement went to. */
  get current(): ClusterHost {
    return this.#at === 0 ? this.hosts[0] : this.hosts[1];
  }

  get other(): ClusterHost {
    return this.#at === 0 ? this.hosts[1] : this.hosts[0];
  }

  /** `docker run` of a server on a host. */
  async run({ host, name }: ClusterHost): Promise<void> {
    const ip = this.address.includes(':') ? '--ip6' : '--ip';
    const where = ['--name', names.service, '--hostname', name, '--network', names.service, ip, this.address];
    await host.docker('run', '-d', ...where, ...webHealthCheck, ...(this.#options.runOptions ?? []), ...webMember);
  }

  async untilHealthy({ host }: ClusterHost): Promise<void> {
    const ask = async (): Promise<boolean> =>
      (await host.docker('inspect', '-f', '{{.State.Health.Status}}', names.service)) === 'healthy';
    if (!(await waitUntil(ask, () => false, healthTimeoutMs)))
      throw new LabError('timeout', `${host.name}: the web server does not become healthy`);
  }

  /** `docker stop` and `docker start` of the server on a host; returns when it is healthy again. */
  async restart(member: ClusterHost): Promise<void> {
    await member.host.docker('stop', names.service);
    await member.host.docker('start', names.service);
    await this.untilHealthy(member);
  }

  /** Waits until the third host has so many ways to the service. @throws {@link LabError} `timeout` */
  async untilWays(count: number): Promise<void> {
    const { host } = this.hosts[2];
    const ask = async (): Promise<boolean> =>
      ((await host.exec(['ip', 'route', 'show', this.address])).stdout.match(/ via /g) ?? []).length === count;
    if (!(await waitUntil(ask, () => false, healthTimeoutMs)))
      throw new LabError('timeout', `${host.name} does not have ${count} ways to ${this.address}`);
  }

  async remove({ host }: ClusterHost): Promise<void> {
    await host.docker('rm', '--force', names.service);
  }

  /** The askers begin. */
  async ask(): Promise<void> {
    const [h1, h2, h3] = this.hosts;
    const perSecond = Math.round((this.#options.perSecond ?? 500) / 3);
    const fromContainer = async ({ host }: ClusterHost): Promise<RequestWatch> => {
      const containerPid = await host.docker('inspect', '-f', '{{.State.Pid}}', names.askers);
      return watchRequests(host, this.address, { containerPid, perSecond });
    };
    const starting = [fromContainer(h1), fromContainer(h2), watchRequests(h3.host, this.address, { perSecond })];
    this.#watches = await Promise.all(starting);
    await sleep(settleMs);
  }

  /** Ends the askers: what became of the requests of each, and of all together. */
  async report(): Promise<{ readonly all: RequestReport; readonly byHost: ReadonlyMap<string, RequestReport> }> {
    await sleep(settleMs);
    const watches = this.#watches;
    this.#watches = [];
    const reports = await Promise.all(watches.map((watch) => watch.stop()));
    const byHost = new Map(reports.map((report, index) => [this.hosts[index]?.name ?? '', report]));
    return { all: sumRequests(reports), byHost };
  }

  /**
   * Make before break: starts the server on the other host, waits until the old host has handed the address over and no connection is
   * left, and removes the old server.
   *
   * @param how the old host is told: by `routed-plugin handover`, or by its network's `routed.on-conflict=handover`
   * @param onStarted called when the new container runs, before it is healthy
   * @throws {@link LabError} `timeout`
   */
  async replace(how: 'command' | 'option', onStarted?: () => unknown): Promise<Replacement> {
    const [from, to] = [this.current, this.other];
    const startedMs = performance.now();
    const handedOver = how === 'command' ? this.#handOver(from) : this.untilHandedOver(from);
    await Promise.all([handedOver, this.run(to).then(onStarted)]);
    const handedOverMs = performance.now() - startedMs;
    await this.keepOnly(to);
    return { handedOverMs, totalMs: performance.now() - startedMs };
  }

  /** Removes the server of the other of the two hosts. */
  async keepOnly(member: ClusterHost): Promise<void> {
    const isFirst = member.name === this.hosts[0].name;
    await this.remove(isFirst ? this.hosts[1] : this.hosts[0]);
    this.#at = isFirst ? 0 : 1;
  }

  async #handOver({ host }: ClusterHost): Promise<void> {
    const words = ['handover', names.service, '--within', `${handoverTimeoutMs}ms`, '--wait'];
    const argv = [process.execPath, checkoutProgram, ...words];
    const { exitCode, stderr } = await host.exec(argv, { check: false, timeoutMs: handoverTimeoutMs + 10_000 });
    // Connection tracking may go on showing one whose last packet it did not see.
    if (exitCode !== 0 && !stderr.includes('is handed over, but')) throw new LabError('timeout', stderr.trim());
  }

  /** Until another host has the address, and two looks a second apart find no connection or the time is over. @throws {@link LabError} `timeout` */
  async untilHandedOver(from: ClusterHost): Promise<void> {
    let empty = 0;
    const ask = async (): Promise<boolean> => {
      // Nobody answers while the plugin is away.
      const { state, connections } = (await this.handoverAt(from).catch(() => undefined)) ?? {};
      empty = state === 'handed over' && connections === 0 ? empty + 1 : 0;
      if (empty < 2) await sleep(1_000);
      return empty >= 2;
    };
    if (await waitUntil(ask, () => false, handoverTimeoutMs)) return;
    const found = await this.handoverAt(from);
    // Connection tracking goes on showing those whose last packets it did not see, such as while a router was away.
    if (found?.state === 'handed over') return;
    throw new LabError('timeout', `${from.name} does not hand ${this.address} over: ${JSON.stringify(found)}`);
  }

  /** What the plugin of a host says of the address, as `routed-plugin handover --status`. */
  async handoverAt({ host }: ClusterHost): Promise<HandoverState | undefined> {
    const socketPath = host.outsidePath('/run/routed/admin.sock');
    const reply = (await getJson(socketPath, '/v1/handovers')) as { endpoints: { addresses: HandoverState[] }[] };
    return reply.endpoints.flatMap(({ addresses }) => addresses).find(({ address }) => address === this.address);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#watches.map((watch) => watch.stop()));
    const [h1, h2] = this.hosts;
    await Promise.all(
      [h1, h2].map(async ({ host }) => {
        await host.tryDocker('rm', '--force', names.service, names.askers);
        await host.tryDocker('network', 'rm', names.service, names.askers);
      }),
    );
  }
}

interface HandoverState {
  readonly address: string;
  readonly state: 'waiting' | 'handed over';
  readonly holders: readonly string[];
  readonly connections: number;
}

async function getJson(socketPath: string, path: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path, agent: false }, (response) => {
      json(response).then(resolve, reject);
    });
    call.on('error', reject);
    call.end();
  });
}
