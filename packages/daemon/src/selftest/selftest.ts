import { hostPrefix, ROUTE_PROTOCOL } from '@routed/datapath';
import { openRtnl, type Rtnl } from '@routed/netns';
import type { DaemonReport } from '@routed/driver';
import { DAEMON_REPORT_PATH, daemonReport } from '@routed/driver/daemon-report';
import { throwAwayNetworkId, throwAwayOwner } from '@routed/driver/throw-away';
import { isPluginCallError, openPluginClient } from '@routed/plugin-protocol';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { askDaemonFor } from '../admin/admin-client.ts';
import { RoutedError } from '../ground/routed-error.ts';
import { Arena, type Options } from './arena.ts';
import { type Check, CHECKS } from './checks.ts';
import { DockerStandIn, type StandInNetwork } from './docker-stand-in.ts';
import { type EndProcess, startEnd } from './end-process.ts';
import { prefixesOf } from './prefixes.ts';

const RANDOM_BYTES = 32;

/** How a check ended; `unavailable`: this host cannot do it, and the daemon says so when it is asked for. */
export interface CheckResult {
  readonly id: string;
  readonly title: string;
  readonly state: 'pass' | 'fail' | 'unavailable';
  readonly ms: number;
  /** For people. */
  readonly detail: string;
}

/** What the selftest is to do, and where. */
export interface SelftestSpec {
  readonly adminSocket: string;
  readonly pluginDir: string;
  readonly routerDir: string;
  /** The operator's network to take addresses from; absent: one of its own, which nobody else hears of. */
  readonly network?: string;
  readonly peer?: string;
}

/**
 * Puts two containers of its own on a network, tries what the plugin does with packets between them, and takes them away.
 *
 * @param onResult hears of each check when it has ended
 * @param signal ends it soon; everything is taken away all the same
 * @throws RoutedError, AdminError when nothing can be tried
 */
export async function runSelftest(
  spec: SelftestSpec,
  onResult: (result: CheckResult) => void,
  signal: AbortSignal,
): Promise<void> {
  const status = (): Promise<DaemonReport> => askDaemonFor(spec.adminSocket, DAEMON_REPORT_PATH, daemonReport);
  const report = await status();
  const socketPath = join(spec.pluginDir, 'routed.sock');
  await removeEarlier(report, socketPath);
  await using host = await openRtnl();
  const ends: EndProcess[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(ends.map((end) => end.stop()));
  };
  const onAbort = (): void => void stop();
  signal.addEventListener('abort', onAbort);
  // One end is enough to remember it: two would do it twice.
  const standIn = new DockerStandIn({
    socketPath,
    host,
    onUndo: async (calls) => ends[0]?.do('undo', { socketPath, calls }),
  });
  try {
    const starting = await Promise.allSettled([startEnd(), startEnd()]);
    for (const started of starting) if (started.status === 'fulfilled') ends.push(started.value);
    for (const started of starting) if (started.status === 'rejected') throw started.reason;
    signal.throwIfAborted();
    await tryAll({ spec, report, status, host, ends, standIn, onResult, signal });
  } finally {
    signal.removeEventListener('abort', onAbort);
    const failures = await standIn.undo();
    standIn.close();
    await stop();
    if (failures.length > 0) onResult(notTakenAway(failures));
  }
}

interface Run {
  readonly spec: SelftestSpec;
  readonly report: DaemonReport;
  readonly status: () => Promise<DaemonReport>;
  readonly host: Rtnl;
  readonly ends: readonly EndProcess[];
  readonly standIn: DockerStandIn;
  readonly onResult: (result: CheckResult) => void;
  readonly signal: AbortSignal;
}

async function tryAll({ spec, report, status, host, ends, standIn, onResult, signal }: Run): Promise<void> {
  const [a, b] = ends as [EndProcess, EndProcess];
  const { network: name, routerDir, peer } = spec;
  const place = name === undefined ? await ownNetwork(standIn) : { network: networkNamed(report, name), options: OPEN };
  const { network } = place;
  const addresses = { a: await standIn.lease(network), b: await standIn.lease(network) };
  const deps = { standIn, host, ends: { a, b }, addresses, status, routerDir, ...(peer !== undefined && { peer }) };
  const arena = new Arena({ ...deps, ...place });
  for (const check of CHECKS) {
    // Asked when its turn comes: what was tried before may leave it nothing to try.
    if (!check.isDue(arena)) continue;
    const result = await attempt(check, arena);
    // What was under way when it was to end failed for no other reason.
    signal.throwIfAborted();
    onResult(result);
  }
  const begin = performance.now();
  await arena.undress('a');
  await arena.undress('b');
  onResult(await leaveResult(arena, host, performance.now() - begin));
}

async function attempt({ id, title, a, b, run }: Check, arena: Arena): Promise<CheckResult> {
  const begin = performance.now();
  const ended = (state: CheckResult['state'], detail: string): CheckResult => {
    return { id, title, state, ms: performance.now() - begin, detail };
  };
  try {
    await arena.dress('b', b?.(arena) ?? {});
    await arena.dress('a', a?.(arena) ?? {});
  } catch (error) {
    // A feature that the kernel lacks is refused, and what has no options has to work.
    const isFeature = a !== undefined || b !== undefined;
    return ended(
      isFeature && isPluginCallError(error, 'DRIVER_ERROR') ? 'unavailable' : 'fail',
      (error as Error).message,
    );
  }
  try {
    return ended('pass', await run(arena));
  } catch (error) {
    return ended('fail', (error as Error).message);
  }
}

/** Whether nothing leads to the ends once their endpoints are gone. */
async function leaveResult(arena: Arena, host: Rtnl, ms: number): Promise<CheckResult> {
  const { a, b } = arena.deps.addresses;
  const destinations = new Set([...Object.values(a), ...Object.values(b)].map(hostPrefix));
  const left = (await host.routes.list({ protocol: ROUTE_PROTOCOL })).filter(({ destination }) =>
    destinations.has(destination),
  );
  const detail =
    left.length === 0
      ? 'no route is left'
      : `routes are left: ${left.map(({ destination }) => destination).join(', ')}`;
  return { id: 'leave', title: 'taken away with its routes', state: left.length === 0 ? 'pass' : 'fail', ms, detail };
}

function notTakenAway(failures: readonly Error[]): CheckResult {
  const detail = failures.map(({ message }) => message).join('; ');
  return { id: 'undo', title: 'the network and its addresses are given back', state: 'fail', ms: 0, detail };
}

/** What an operator's network may ask for otherwise. */
const OPEN: Options = {
  'routed.ingress': 'any',
  'routed.egress': 'any',
  'routed.rate-in': 'off',
  'routed.rate-out': 'off',
};

interface Place {
  readonly network: StandInNetwork;
  readonly options: Options;
  readonly spare?: string;
}

/** @throws RoutedError ADDRESS_IN_USE when none of the ranges is free */
async function ownNetwork(standIn: DockerStandIn): Promise<Place> {
  const refusals: string[] = [];
  const id = throwAwayNetworkId(process.pid, randomBytes(RANDOM_BYTES).toString('hex'));
  for (const { prefixes, spare } of prefixesOf(process.pid, existsSync('/proc/net/if_inet6'))) {
    try {
      const network = await standIn.createNetwork(id, prefixes, { 'routed.announce': 'manual' });
      return { network, options: {}, spare };
    } catch (error) {
      if (!isPluginCallError(error, 'DRIVER_ERROR')) throw error;
      refusals.push(error.message);
      await standIn.undo();
    }
  }
  const reason = `the plugin refuses the ranges for documentation: ${refusals.join('; ')}`;
  throw new RoutedError('ADDRESS_IN_USE', `${reason}. Name a network to take addresses from with --network`);
}

/** @throws RoutedError NETWORK_UNKNOWN */
function networkNamed({ networks, pools }: DaemonReport, name: string): StandInNetwork {
  const found = networks.find((network) => network.name === name || (name.length >= 12 && network.id.startsWith(name)));
  if (found === undefined) {
    const known = networks.map((network) => network.name ?? network.id.slice(0, 12)).join(', ') || 'none';
    throw new RoutedError('NETWORK_UNKNOWN', `there is no routed network "${name}" (there are: ${known})`);
  }
  const own = pools.filter(({ networks: names }) => names.includes(found.name ?? found.id.slice(0, 12)));
  const of = (family: 4 | 6): string | undefined => own.find(({ id }) => id.includes(':') === (family === 6))?.id;
  const [four, six] = [of(4), of(6)];
  return { id: found.id, poolIds: { ...(four !== undefined && { 4: four }), ...(six !== undefined && { 6: six }) } };
}

/** Takes away what a selftest left that was killed together with its ends; the daemon itself would do so a minute later. */
async function removeEarlier({ networks, endpoints, pools }: DaemonReport, socketPath: string): Promise<void> {
  const client = openPluginClient({ socketPath });
  try {
    for (const { id } of networks) {
      const owner = throwAwayOwner(id);
      if (owner === undefined || existsSync(`/proc/${owner}`)) continue;
      for (const endpoint of endpoints.filter(({ networkId }) => networkId === id)) {
        const ids = { NetworkID: id, EndpointID: endpoint.id };
        await client.call('NetworkDriver.Leave', ids);
        await client.call('NetworkDriver.DeleteEndpoint', ids);
      }
      await client.call('NetworkDriver.DeleteNetwork', { NetworkID: id });
      for (const pool of pools.filter((one) => one.networks.includes(id.slice(0, 12)))) {
        await client.call('IpamDriver.ReleasePool', { PoolID: pool.id });
      }
    }
  } finally {
    client.close();
  }
}
