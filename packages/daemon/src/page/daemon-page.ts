import { hostname } from 'node:os';
import type { Driver } from '@routed/driver';
import { canonicalHostAddress } from '@routed/ipam';
import type { Rtnl } from '@routed/netns';
import { NeighborWatch, ROUTER_DIRECTORIES, VtyLines } from '@routed/quagga/show';
import { type AddressStory, openWebPage, type WebSources } from '@routed/web';
import type Koa from 'koa';
import type { Logger } from '../ground/logger.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { explain } from '../why/explain.ts';
import { readFacts } from '../why/read-facts.ts';
import { examineApart, type HostPlaces } from './examine-apart.ts';
import { LinkReadings } from './link-readings.ts';

const ROUTER_DEADLINE_MS = 2_000;
/** Where `routed-plugin why` looks for routers, too. */
const ROUTER_DIRECTORY = '/run/frr';

/** What the page is made of. */
export interface DaemonPageDeps {
  readonly options: HostPlaces & {
    /** The links that lead off this host; absent: they are found by themselves. */
    readonly uplinks?: readonly string[];
    /** The pages of other hosts, each URL with a slash at its end. */
    readonly webPeers: readonly string[];
  };
  readonly runtime: { readonly driver: Pick<Driver, 'operators'>; readonly kernel: { readonly rtnl: Rtnl } };
  readonly metrics: Pick<Metrics, 'latencies'>;
  readonly stopping: AbortSignal;
  readonly logger: Logger;
}

/** The page of this daemon. */
export async function openDaemonPage(deps: DaemonPageDeps): Promise<Koa.Middleware> {
  const { options, stopping, logger } = deps;
  return await openWebPage(sourcesOf(deps), {
    host: hostname(),
    peers: options.webPeers,
    stopping,
    onError: (error, path) => logger.warn({ err: error, path }, 'the page could not be answered'),
  });
}

function sourcesOf({ options, runtime: { driver, kernel }, metrics, stopping }: DaemonPageDeps): WebSources {
  const { status, list, journal, refused } = driver.operators;
  // Of their own: whoever looks keeps nobody waiting who asks the routers for Docker.
  const lines = new VtyLines(ROUTER_DIRECTORIES, { deadlineMs: ROUTER_DEADLINE_MS });
  stopping.addEventListener('abort', () => void lines.close());
  const watch = new NeighborWatch({ lines });
  const readings = new LinkReadings(kernel.rtnl, options.uplinks);
  return {
    report: () => status.steps(),
    refreshNames: () => Promise.all([status.refreshNames(), list.list()]),
    journal,
    refused,
    story: (text) => storyOf(canonicalHostAddress(text), options, readings),
    examine: () => examineApart(options),
    routers: () => watch.report(),
    uplinks: () => readings.uplinks(),
    latencies: () => metrics.latencies(),
  };
}

async function storyOf(
  address: string,
  { adminSocket }: Pick<HostPlaces, 'adminSocket'>,
  readings: LinkReadings,
): Promise<AddressStory> {
  const facts = await readFacts(address, { adminSocket, routerDir: ROUTER_DIRECTORY });
  const { endpoint, connections, history = [] } = facts.record ?? {};
  const traffic = endpoint === undefined ? undefined : await readings.trafficOf(endpoint.id);
  const { container, network } = history.findLast((entry) => entry.container !== undefined) ?? {};
  return {
    address,
    ...(container !== undefined && { container }),
    ...(network !== undefined && { network }),
    stages: explain(facts),
    ...(traffic !== undefined && { traffic }),
    ...(connections !== undefined && { connections }),
    history,
  };
}
