import type { Cluster } from './cluster.ts';
import { watchRoutes, type RouteChange, type RouteWatch } from './route-watch.ts';

export interface BulkOptions {
  /** @default 5000 */
  readonly count?: number;
}

/** Milliseconds from the end of `ip -batch` on the first host to the last change in another's kernel. */
export interface Bulk {
  /** The slowest of the other hosts had every route. */
  readonly knownMs: number;
  /** The slowest of the other hosts had none any more. */
  readonly forgottenMs: number;
}

const link = 'bulk';
const bulkTimeoutMs = 60_000;

/**
 * Gives the first host many container routes at once, by one link, and takes them away again.
 * The plugin has no part in this: it is about what the routers do with routes like the plugin's.
 */
export async function measureBulk(cluster: Cluster, options: BulkOptions = {}): Promise<Bulk> {
  const { count = 5_000 } = options;
  const [first] = cluster.hosts;
  if (first === undefined) throw new RangeError('the cluster has no host');
  const addresses = addressesIn(cluster.containers, count);
  const run = async (verb: 'add' | 'delete'): Promise<number> => {
    const input = addresses.map((address) => `route ${verb} ${address}/32 dev ${link} scope link proto 200`).join('\n');
    await first.host.exec(['ip', '-batch', '-'], { input: `${input}\n`, timeoutMs: bulkTimeoutMs });
    return performance.now();
  };
  await first.host.exec(['sh', '-ec', `ip link add ${link} type veth peer name ${link}-end; ip link set ${link} up`]);
  await first.host.exec(['ip', 'link', 'set', `${link}-end`, 'up']);
  try {
    return {
      knownMs: await timeChange(cluster, addresses, false, () => run('add')),
      forgottenMs: await timeChange(cluster, addresses, true, () => run('delete')),
    };
  } finally {
    await first.host.exec(['ip', 'link', 'delete', link]);
  }
}

/** @param act returns when it was done */
async function timeChange(
  cluster: Cluster,
  addresses: readonly string[],
  isGone: boolean,
  act: () => Promise<number>,
): Promise<number> {
  const watches = await Promise.all(cluster.hosts.slice(1).map(({ host }) => watchRoutes(host)));
  try {
    const all = Promise.all(watches.map((watch) => untilAll(watch, new Set(addresses), isGone)));
    const [atMs, actedAtMs] = await Promise.all([all, act()]);
    return Math.max(...atMs) - actedAtMs;
  } finally {
    await Promise.all(watches.map((watch) => watch[Symbol.asyncDispose]()));
  }
}

/** When the last of these destinations came, or went. */
async function untilAll(watch: RouteWatch, missing: Set<string>, isGone: boolean): Promise<number> {
  const isLast = (change: RouteChange): boolean => {
    if (change.isGone === isGone) missing.delete(change.destination);
    return missing.size === 0;
  };
  return (await watch.find(isLast, bulkTimeoutMs)).atMs;
}

/** Host addresses of the second half of the first IPv4 prefix, which is taken for a /16. */
function addressesIn(containers: readonly string[], count: number): string[] {
  const prefix = containers.find((candidate) => !candidate.includes(':'));
  if (prefix === undefined) throw new RangeError('there is no IPv4 prefix for containers');
  const base = prefix.split('.').slice(0, 2).join('.');
  return Array.from({ length: count }, (_, index) => `${base}.${128 + Math.floor(index / 250)}.${1 + (index % 250)}`);
}
