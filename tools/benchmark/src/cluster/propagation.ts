import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { LabError, watchRoutes, type Cluster, type RouteWatch } from '@routed/lab';
import { DockerCalls, type LiveEndpoint } from '../plugin/docker-calls.ts';
import { createNetwork, deleteNetwork } from '../plugin/network.ts';
import { pluginSocket } from '../plugin/plugin-host.ts';
import { addressIn } from './addresses.ts';

export interface PropagationOptions {
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
  /** From Leave's reply to its end in the other host's kernel. */
  readonly leaveMs: readonly number[];
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
 * Measures how fast a route of the first host comes and goes on another one. The plugin is called in Docker's place,
 * with a network and addresses of its own; engines are not used.
 *
 * FRR 10 announces a route only once its link has a carrier, which only a container gives it: for FRR 8.4.
 */
export async function measurePropagation(cluster: Cluster, options: PropagationOptions = {}): Promise<Propagation> {
  const { runs = 20, flaps = runs, flapPausesMs = [0] } = options;
  const from = hostOf(cluster, cluster.hosts[0]?.name);
  const to = hostOf(cluster, options.to ?? cluster.hosts.at(-1)?.name);
  const socketPath = pluginSocket(from);
  await using watch = await watchRoutes(to);
  const others = cluster.hosts.map(({ host }) => host).filter((host) => host !== from && host !== to);
  const elsewhere = await Promise.all(others.map(watchRoutes));
  try {
    const spec = { networkId: randomBytes(32).toString('hex'), subnet: `${addressIn(cluster, 250, 0)}/24` };
    const network = await createNetwork(socketPath, spec);
    using calls = await DockerCalls.connect(socketPath, network);
    const endpoint = (number: number): LiveEndpoint => {
      return { id: randomBytes(32).toString('hex'), address: `${addressIn(cluster, 250, number)}/32` };
    };
    const single: Awaited<ReturnType<typeof measureOnce>>[] = [];
    const joinAndLeaveMs: number[] = [];
    for (let run = 1; run <= runs; run += 1) single.push(await measureOnce(calls, watch, endpoint(run)));
    for (let flap = 1; flap <= flaps; flap += 1) {
      const pauseMs = flapPausesMs[(flap - 1) % flapPausesMs.length] ?? 0;
      joinAndLeaveMs.push(await measureFlap(calls, [watch, ...elsewhere], endpoint(100 + flap), pauseMs));
    }
    await deleteNetwork(socketPath, network);
    return {
      joinMs: single.map(({ join }) => join),
      leaveMs: single.map(({ leave }) => leave),
      joinAndLeaveMs,
    };
  } finally {
    await Promise.all(elsewhere.map((one) => one[Symbol.asyncDispose]()));
  }
}

function hostOf(cluster: Cluster, name: string | undefined): Cluster['hosts'][number]['host'] {
  const found = cluster.hosts.find((host) => host.name === name);
  if (found === undefined) throw new RangeError(`the cluster has no host ${name ?? ''}`);
  return found.host;
}

async function measureOnce(
  calls: DockerCalls,
  watch: RouteWatch,
  endpoint: LiveEndpoint,
): Promise<{ join: number; leave: number }> {
  const address = hostOfPrefix(endpoint);
  await calls.create(endpoint);
  const join = await timeCall(
    () => calls.join(endpoint.id),
    () => watch.find(({ destination, isGone }) => destination === address && !isGone, changeTimeoutMs),
  );
  const leave = await timeCall(
    () => calls.leave(endpoint.id),
    () => watch.find(({ destination, isGone }) => destination === address && isGone, changeTimeoutMs),
  );
  await calls.delete(endpoint.id);
  return { join, leave };
}

/** Milliseconds from the reply to the change. */
async function timeCall(
  call: () => Promise<unknown>,
  change: () => Promise<{ readonly atMs: number }>,
): Promise<number> {
  const [{ atMs }, repliedAtMs] = await Promise.all([change(), call().then(() => performance.now())]);
  return atMs - repliedAtMs;
}

async function measureFlap(
  calls: DockerCalls,
  watches: readonly RouteWatch[],
  endpoint: LiveEndpoint,
  pauseMs: number,
): Promise<number> {
  await calls.create(endpoint);
  await calls.join(endpoint.id);
  if (pauseMs > 0) await sleep(pauseMs);
  await calls.leave(endpoint.id);
  const leftAtMs = performance.now();
  await calls.delete(endpoint.id);
  const gone = await Promise.all(watches.map((watch) => untilGone(watch, hostOfPrefix(endpoint), leftAtMs)));
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

function hostOfPrefix({ address }: LiveEndpoint): string {
  return address.replace(/\/\d+$/, '');
}
