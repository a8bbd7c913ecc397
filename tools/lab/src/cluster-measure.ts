import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { openPluginClient, type PluginClient } from '@routed/plugin-protocol';
import type { Cluster } from './cluster.ts';
import { LabError } from './errors.ts';
import { watchRoutes, type RouteWatch } from './route-watch.ts';

export interface PropagationOptions {
  /** @default the first host */
  readonly from?: string;
  /** @default the last host */
  readonly to?: string;
  /** @default 20 */
  readonly runs?: number;
  /** Of Join and Leave at once; each takes 0.6 s where the route does not even get out. @default `runs` */
  readonly flaps?: number;
  /** Between Join's reply and Leave in these, in turns. @default none */
  readonly flapPausesMs?: readonly number[];
}

/**
 * Milliseconds of one route's way, one value for each run. What happens before the reply arrives counts as
 * negative: routes go out while the plugin still works on the rest.
 */
export interface Propagation {
  /** From Join's reply to the route in the other host's kernel. */
  readonly joinMs: readonly number[];
  /** The same from the moment when Join is called. */
  readonly joinCallMs: readonly number[];
  /** From Leave's reply to its end in the other host's kernel. */
  readonly leaveMs: readonly number[];
  readonly leaveCallMs: readonly number[];
  /**
   * From Leave's reply to the end in the kernels of all other hosts when Leave is called as soon as Join has
   * answered; 0 when none of them ever had the route.
   */
  readonly joinAndLeaveMs: readonly number[];
}

const changeTimeoutMs = 20_000;
/** A route that has not come by then after it was withdrawn does not come any more. */
const quietMs = 600;

/**
 * Measures how fast an endpoint's route comes and goes on another host. The plugin is called in Docker's place,
 * with a network and addresses of its own; engines are not used.
 *
 * FRR 10 announces a route only once its link has a carrier, which only a container gives it: for FRR 8.4.
 */
export async function measurePropagation(cluster: Cluster, options: PropagationOptions = {}): Promise<Propagation> {
  const { runs = 20, flaps = runs, flapPausesMs = [0] } = options;
  const from = hostOf(cluster, options.from ?? cluster.hosts[0]?.name);
  const to = hostOf(cluster, options.to ?? cluster.hosts.at(-1)?.name);
  const client = openPluginClient({ socketPath: from.outsidePath(`${from.pluginDir}/routed.sock`) });
  await using watch = await watchRoutes(to);
  const others = cluster.hosts.map(({ host }) => host).filter((host) => host !== from && host !== to);
  const elsewhere = await Promise.all(others.map(watchRoutes));
  try {
    const endpoints = await Endpoints.open(client, cluster.containers);
    const single: Awaited<ReturnType<typeof measureOnce>>[] = [];
    const joinAndLeaveMs: number[] = [];
    for (let run = 1; run <= runs; run += 1) single.push(await measureOnce(endpoints, watch, run));
    for (let flap = 1; flap <= flaps; flap += 1) {
      const pauseMs = flapPausesMs[(flap - 1) % flapPausesMs.length] ?? 0;
      joinAndLeaveMs.push(await measureFlap(endpoints, [watch, ...elsewhere], 100 + flap, pauseMs));
    }
    await endpoints.close();
    return {
      joinMs: single.map(({ join }) => join.fromReplyMs),
      joinCallMs: single.map(({ join }) => join.fromCallMs),
      leaveMs: single.map(({ leave }) => leave.fromReplyMs),
      leaveCallMs: single.map(({ leave }) => leave.fromCallMs),
      joinAndLeaveMs,
    };
  } finally {
    await Promise.all(elsewhere.map((one) => one[Symbol.asyncDispose]()));
    client.close();
  }
}

function hostOf(cluster: Cluster, name: string | undefined): Cluster['hosts'][number]['host'] {
  const found = cluster.hosts.find((host) => host.name === name);
  if (found === undefined) throw new RangeError(`the cluster has no host ${name ?? ''}`);
  return found.host;
}

interface Way {
  readonly fromCallMs: number;
  readonly fromReplyMs: number;
}

async function measureOnce(endpoints: Endpoints, watch: RouteWatch, run: number): Promise<{ join: Way; leave: Way }> {
  const endpoint = await endpoints.create(run);
  const join = await timeCall(
    () => endpoints.join(endpoint),
    () => watch.find(({ destination, isGone }) => destination === endpoint.address && !isGone, changeTimeoutMs),
  );
  const leave = await timeCall(
    () => endpoints.leave(endpoint),
    () => watch.find(({ destination, isGone }) => destination === endpoint.address && isGone, changeTimeoutMs),
  );
  await endpoints.delete(endpoint);
  return { join, leave };
}

async function timeCall(call: () => Promise<unknown>, change: () => Promise<{ readonly atMs: number }>): Promise<Way> {
  const calledAtMs = performance.now();
  const [{ atMs }, repliedAtMs] = await Promise.all([change(), call().then(() => performance.now())]);
  return { fromCallMs: atMs - calledAtMs, fromReplyMs: atMs - repliedAtMs };
}

async function measureFlap(
  endpoints: Endpoints,
  watches: readonly RouteWatch[],
  run: number,
  pauseMs: number,
): Promise<number> {
  const endpoint = await endpoints.create(run);
  await endpoints.join(endpoint);
  if (pauseMs > 0) await sleep(pauseMs);
  await endpoints.leave(endpoint);
  const leftAtMs = performance.now();
  await endpoints.delete(endpoint);
  const gone = await Promise.all(watches.map((watch) => untilGone(watch, endpoint.address, leftAtMs)));
  return Math.max(...gone);
}

/** Milliseconds since a time until the route was gone; 0 when it did not come or had gone before. */
async function untilGone(watch: RouteWatch, address: string, sinceMs: number): Promise<number> {
  const isOurs = ({ destination }: { readonly destination: string }): boolean => destination === address;
  const came = await watch.find((change) => isOurs(change) && !change.isGone, quietMs).catch(() => undefined);
  if (came === undefined) return 0;
  await watch.find((change) => isOurs(change) && change.isGone, changeTimeoutMs);
  // It may have come and gone more than once.
  await sleep(quietMs);
  const last = watch.changes.filter(isOurs).at(-1);
  if (last?.isGone !== true) throw new LabError('timeout', `the route to ${address} has come back`);
  return Math.max(0, last.atMs - sinceMs);
}

interface Endpoint {
  readonly id: string;
  readonly address: string;
}

/** Docker's calls for endpoints of a network made for the measurement. */
class Endpoints {
  readonly #client: PluginClient;
  readonly #networkId = randomBytes(32).toString('hex');
  readonly #base: string;
  readonly #poolId: string;

  private constructor(client: PluginClient, base: string, poolId: string) {
    this.#client = client;
    this.#base = base;
    this.#poolId = poolId;
  }

  /** The network is a /24 at the end of the containers' IPv4 prefix, which is taken for a /16. */
  static async open(client: PluginClient, containers: readonly string[]): Promise<Endpoints> {
    const prefix = containers.find((candidate) => !candidate.includes(':'));
    if (prefix === undefined) throw new RangeError('there is no IPv4 prefix for containers');
    const base = `${prefix.split('.').slice(0, 2).join('.')}.250`;
    const spaces = await client.call('IpamDriver.GetDefaultAddressSpaces');
    const AddressSpace = spaces.LocalDefaultAddressSpace ?? '';
    const pool = { AddressSpace, Pool: `${base}.0/24`, SubPool: '', Options: {}, V6: false };
    const { PoolID, Pool, Data } = await client.call('IpamDriver.RequestPool', pool);
    const endpoints = new Endpoints(client, base, PoolID);
    const Gateway = Data?.['com.docker.network.gateway'] ?? '';
    await client.call('NetworkDriver.CreateNetwork', {
      NetworkID: endpoints.#networkId,
      Options: { 'com.docker.network.enable_ipv6': false, 'com.docker.network.generic': {} },
      IPv4Data: [{ AddressSpace, Pool, Gateway, AuxAddresses: {} }],
      IPv6Data: [],
    });
    return endpoints;
  }

  async create(number: number): Promise<Endpoint> {
    const endpoint = { id: randomBytes(32).toString('hex'), address: `${this.#base}.${number}` };
    await this.#client.call('NetworkDriver.CreateEndpoint', {
      ...this.#reference(endpoint),
      Interface: { Address: `${endpoint.address}/32`, AddressIPv6: '', MacAddress: '' },
      Options: {},
    });
    return endpoint;
  }

  async join(endpoint: Endpoint): Promise<void> {
    const SandboxKey = `/var/run/docker/netns/${endpoint.id.slice(0, 12)}`;
    await this.#client.call('NetworkDriver.Join', { ...this.#reference(endpoint), SandboxKey, Options: {} });
  }

  async leave(endpoint: Endpoint): Promise<void> {
    await this.#client.call('NetworkDriver.Leave', this.#reference(endpoint));
  }

  async delete(endpoint: Endpoint): Promise<void> {
    await this.#client.call('NetworkDriver.DeleteEndpoint', this.#reference(endpoint));
  }

  async close(): Promise<void> {
    await this.#client.call('NetworkDriver.DeleteNetwork', { NetworkID: this.#networkId });
    await this.#client.call('IpamDriver.ReleasePool', { PoolID: this.#poolId });
  }

  #reference({ id }: Endpoint): { readonly NetworkID: string; readonly EndpointID: string } {
    return { NetworkID: this.#networkId, EndpointID: id };
  }
}
