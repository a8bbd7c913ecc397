import { LabError, waitUntil, watchAnswers, type Cluster, type ClusterHost } from '@routed/lab';
import { addressIn } from './addresses.ts';

export interface FailoverOptions {
  /** @default 10 */
  readonly runs?: number;
}

const link = 'anycast';
const deadlineMs = 30_000;

/**
 * One address on the first two hosts of a LAN, and pings to it from the third: the longest silence, in milliseconds,
 * when the host that answers dies without a word; one value for each run.
 *
 * The hosts answer themselves, and announce the address by a route like the plugin's.
 */
export async function measureFailover(cluster: Cluster, options: FailoverOptions = {}): Promise<readonly number[]> {
  const { runs = 10 } = options;
  const [first, second, third] = cluster.hosts;
  if (first === undefined || second === undefined || third === undefined)
    throw new RangeError('failover takes three hosts');
  const address = addressIn(cluster, 251, 1);
  const pair = [first, second];
  await Promise.all(pair.map((one) => announce(one, address)));
  try {
    const silences: number[] = [];
    for (let run = 0; run < runs; run += 1) silences.push(await measureOnce(cluster, pair, third, address));
    return silences;
  } finally {
    await Promise.all(pair.map(({ host }) => host.exec(['ip', 'link', 'delete', link])));
    await Promise.all(pair.map(({ host }) => host.exec(['ip', 'route', 'delete', 'local', address, 'table', 'local'])));
  }
}

/** Makes the host answer for the address, out of zebra's sight: an address of its own would not be announced. */
async function announce({ host }: ClusterHost, address: string): Promise<void> {
  const lines = [
    `ip route add local ${address} dev lo table local`,
    `ip link add ${link} type veth peer name ${link}-end`,
    `ip link set ${link} up`,
    `ip link set ${link}-end up`,
    `ip route add ${address}/32 dev ${link} scope link proto 200`,
  ];
  await host.exec(['sh', '-ec', lines.join('\n')]);
}

async function measureOnce(
  cluster: Cluster,
  pair: readonly ClusterHost[],
  from: ClusterHost,
  address: string,
): Promise<number> {
  await untilWays(from, address, 2);
  const answers = await watchAnswers(from.host, address);
  // All packets of one pair of addresses go the same way: to the host whose death is felt.
  const { stdout } = await from.host.exec(['ip', 'route', 'get', address]);
  const [, gateway] = / via (\S+) /.exec(stdout) ?? [];
  const dead = pair[Number(gateway?.split('.').at(-1)) - 1];
  if (dead === undefined) throw new LabError('timeout', `${from.name} has no way to ${address}: ${stdout}`);
  await cluster.lab.cut(dead.host);
  await untilWays(from, address, 1);
  const silence = await answers.stop();
  await cluster.lab.restore(dead.host);
  await cluster.untilConverged();
  return silence;
}

async function untilWays({ name, host }: ClusterHost, address: string, count: number): Promise<void> {
  let seen = '';
  const ask = async (): Promise<boolean> => {
    seen = (await host.exec(['ip', 'route', 'show', address])).stdout;
    return (seen.match(/ via /g) ?? []).length === count;
  };
  if (await waitUntil(ask, () => false, deadlineMs)) return;
  throw new LabError('timeout', `${name} has not ${count} ways to ${address}: ${seen}`);
}
