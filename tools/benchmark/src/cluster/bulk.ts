import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { LabError, type Cluster, type Host } from '@routed/lab';
import { addressIn } from './addresses.ts';

export interface BulkOptions {
  /** @default 5000 */
  readonly count?: number;
}

/** Milliseconds from the end of `ip -batch` on the first host to the last change in another's kernel; 10 too many at most. */
export interface Bulk {
  /** The slowest of the other hosts had every route. */
  readonly knownMs: number;
  /** The slowest of the other hosts had none any more. */
  readonly forgottenMs: number;
}

const link = 'bulk';
const bulkTimeoutMs = 60_000;
const lookEveryMs = 5;

/**
 * Gives the first host many container routes at once, by one link, and takes them away again.
 * The plugin has no part in this: it is about what the routers do with routes like the plugin's.
 */
export async function measureBulk(cluster: Cluster, options: BulkOptions = {}): Promise<Bulk> {
  const { count = 5_000 } = options;
  const [first] = cluster.hosts;
  if (first === undefined) throw new RangeError('the cluster has no host');
  // The second half of the prefix.
  const addresses = Array.from({ length: count }, (_, index) =>
    addressIn(cluster, 128 + Math.floor(index / 250), 1 + (index % 250)),
  );
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
  const others = cluster.hosts.slice(1).map(({ host }) => host);
  const change = isGone ? -addresses.length : addresses.length;
  const counts = await Promise.all(others.map(async (host) => (await countRoutes(host)) + change));
  const actedAtMs = await act();
  const atMs = await Promise.all(others.map((host, index) => untilCount(host, counts[index] ?? 0)));
  await Promise.all(others.map((host) => checkAll(host, new Set(addresses), isGone)));
  return Math.max(...atMs) - actedAtMs;
}

/** When the kernel had so many routes: asked again and again, as it drops news in a burst. */
async function untilCount(host: Host, wanted: number): Promise<number> {
  const deadline = performance.now() + bulkTimeoutMs;
  for (;;) {
    const found = await countRoutes(host);
    const atMs = performance.now();
    if (found === wanted) return atMs;
    if (atMs > deadline) throw new LabError('timeout', `${host.name} has ${found} routes instead of ${wanted}`);
    await sleep(lookEveryMs);
  }
}

/** Read from the kernel's own count: to list the routes would take the routers' time. */
async function countRoutes(host: Host): Promise<number> {
  const statistics = await readFile(`/proc/${host.keeperPid}/net/fib_triestat`, 'utf8');
  return Number(/^Main:[^]*?Prefixes:\s*(\d+)/m.exec(statistics)?.[1]);
}

async function checkAll(host: Host, addresses: ReadonlySet<string>, isGone: boolean): Promise<void> {
  const { stdout } = await host.exec(['ip', 'route', 'show', 'table', 'main']);
  const found = stdout.split('\n').filter((line) => addresses.has(line.slice(0, line.indexOf(' ')))).length;
  const wanted = isGone ? 0 : addresses.size;
  if (found !== wanted) throw new LabError('timeout', `${host.name} has ${found} of ${wanted} routes`);
}
