import { absentUplinks, ETHERNET_MTU_BYTES, fileSavedSysctls, findUplink, UplinkWatch } from '@routed/datapath';
import type { DockerNetworks } from '@routed/docker-engine';
import {
  CleanupStack,
  type Driver,
  type DriverSettings,
  forgetContainers,
  openStateDirectory,
  Phases,
  type RecoverySource,
  type StateDirectory,
  VIRTUAL_GATEWAYS,
} from '@routed/driver';
import { type Ipam, openIpam } from '@routed/ipam';
import { NeighborWatch, ROUTER_DIRECTORIES, type RouterReport, VtyLines } from '@routed/quagga/show';
import { currentBootId, type Repository } from '@routed/store';
import { hostname } from 'node:os';
import { basename } from 'node:path';
import { compose } from '../composition-root.ts';
import type { Logger } from '../ground/logger.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { collectAtRest, keepHeapSmall } from './heap.ts';
import { type Kernel, openKernel } from './open-kernel.ts';
import type { ServeOptions } from './serve-options.ts';
import { VERSION } from '../version.ts';

/** Everything behind the sockets, from the opening of the state to its closing. */
export interface Runtime {
  readonly driver: Driver;
  readonly kernel: Pick<Kernel, 'rtnl'>;
  /** Settled when the state of the previous run has been compared with the kernel. */
  readonly ready: Promise<void>;
  close(): Promise<void>;
}

/**
 * Takes up the state of the previous run and starts to keep the kernel as it should be. A start that fails closes
 * everything again.
 *
 * @throws StoreError, DatapathError
 */
export async function startRuntime(options: ServeOptions, metrics: Metrics, logger: Logger): Promise<Runtime> {
  const cleanup = new CleanupStack();
  try {
    const phases = new Phases();
    const { bootId, kernel, state, settings, ipam } = await openAll(options, cleanup, { phases, logger });
    const ledger = fileSavedSysctls(options.stateDirectory, bootId);
    const { driver, routers, docker } = compose({
      options,
      settings,
      kernel,
      state,
      ledger,
      ipam,
      metrics,
      logger,
    });
    cleanup.add(() => routers.close());
    cleanup.add(() => driver.stop());
    phases.end('composition');
    logger.debug(phases.report(), 'opened the state and the kernel');
    await driver.load();
    const { status, announcements, filtered, limitReader } = driver.operators;
    metrics.watch({
      counts: () => status.counts(),
      refreshNames: () => status.refreshNames(),
      filtered: () => filtered.read(),
      connectionsLeft: () => announcements.connectionsLeft(),
      limits: () => limitReader.rows(),
      names: () => status.names(),
      ...(options.metricsPerAddress && { addresses: () => status.addresses(), lists: () => status.lists() }),
      ...(options.metricsRouter && { routers: routerReports(cleanup) }),
    });
    const ready = driver.start(kernel.events, recoverySource(options, docker.networks, state)).finally(() => {
      keepHeapSmall();
      cleanup.add(collectAtRest());
    });
    logger.info({ sockets: options.sockets, gateway: settings.gateways[4], mtuBytes: settings.mtuBytes }, 'serving');
    return { driver, kernel, ready, close: () => cleanup.close() };
  } catch (error) {
    await cleanup.close();
    throw error;
  }
}

/** The kernel and the state, each opened while the other is read. */
async function openAll(
  options: ServeOptions,
  cleanup: CleanupStack,
  { phases, logger }: { readonly phases: Phases; readonly logger: Logger },
): Promise<{
  readonly bootId: string;
  readonly kernel: Kernel;
  readonly state: StateDirectory;
  readonly settings: DriverSettings;
  readonly ipam: Ipam;
}> {
  const bootId = await currentBootId();
  // First: links are read while the state is.
  const kernel = await openKernel(cleanup);
  phases.end('kernel');
  const state = await openStateDirectory(options.stateDirectory, bootId);
  cleanup.add(() => state.close());
  if (state.isFromEarlierBoot) await forgetContainers(state, logger);
  phases.end('state');
  const endpoints = readAhead(state.endpoints);
  const [settings, ipam] = await Promise.all([
    settingsOf(options, kernel, logger),
    openIpam({ store: state.leases }, { hostIdentity: hostname() }),
  ]);
  phases.end('leases');
  return { bootId, kernel, state: { ...state, endpoints }, settings, ipam };
}

/** A repository whose records are being read already; a failure is that of whoever loads them. */
function readAhead<T extends { readonly id: string }>(repository: Repository<T>): Repository<T> {
  const reading = repository.load();
  reading.catch(() => undefined);
  return {
    load: () => reading,
    put: (record) => repository.put(record),
    remove: (id) => repository.remove(id),
  };
}

/** A scrape must not wait longer for a daemon that hangs. */
const ROUTER_DEADLINE_MS = 2_000;

/** Connections of their own: a scrape keeps nobody waiting who asks the routers for Docker. */
function routerReports(cleanup: CleanupStack): () => Promise<RouterReport> {
  const lines = new VtyLines(ROUTER_DIRECTORIES, { deadlineMs: ROUTER_DEADLINE_MS });
  cleanup.add(() => lines.close());
  const watch = new NeighborWatch({ lines });
  return () => watch.report();
}

async function settingsOf(
  { gateway, mtu, uplinks }: ServeOptions,
  { rtnl, events }: Kernel,
  logger: Logger,
): Promise<DriverSettings> {
  const gateways = { ...VIRTUAL_GATEWAYS, ...(gateway === undefined ? {} : { 4: gateway }) };
  const common = { version: VERSION, gateways, ...(uplinks === undefined ? {} : { uplinks }) };
  if (uplinks !== undefined) {
    for (const problem of absentUplinks(uplinks, await rtnl.links.list())) logger.warn({}, problem);
  }
  if (mtu !== 'auto') return { ...common, mtuBytes: mtu };
  const uplink = await findUplink(rtnl, uplinks);
  if (uplink === undefined) return { ...common, mtuBytes: ETHERNET_MTU_BYTES };
  new UplinkWatch({ uplink, logger }).start(events.monitor);
  return { ...common, mtuBytes: uplink.mtuBytes, mtuUplink: uplink.name };
}

/** Docker, as it knows networks and containers whose records were lost, or that it removed meanwhile. */
function recoverySource({ sockets }: ServeOptions, networks: DockerNetworks, state: StateDirectory): RecoverySource {
  const driverNames = Object.values(sockets).map((path: string) => basename(path, '.sock'));
  return { networks, driverNames, state };
}
