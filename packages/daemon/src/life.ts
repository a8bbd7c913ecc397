import { openIpam } from '@routed/ipam';
import {
  createConnections,
  createEndpointFilters,
  createForwardAcceptance,
  createForwardPolicies,
  runCommand,
  type RulesetWatch,
  watchRuleset,
} from '@routed/netfilter';
import { type Link, type Monitor, openMonitor, openNetns, type Rtnl } from '@routed/netns';
import { openNfnetlink } from '@routed/netns/nfnetlink';
import { hostname } from 'node:os';
import { basename } from 'node:path';
import type { AdminServices } from './admin/admin-app.ts';
import type { ServeOptions } from './cli/serve-options.ts';
import { Closing } from './closing.ts';
import { wire } from './composition-root.ts';
import { dockerContainers } from './docker/docker-containers.ts';
import { dockerNetworks } from './docker/docker-networks.ts';
import { VIRTUAL_GATEWAYS } from './drivers/default-gateways.ts';
import { HOST_LINK_PREFIX } from './endpoints/kernel-names.ts';
import { ETHERNET_MTU_BYTES, findUplink } from './host/uplink-mtu.ts';
import { fileLedger } from './host/settings-ledger.ts';
import { UplinkWatch } from './host/uplink-watch.ts';
import { Uplinks } from './host/uplinks.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics/metrics.ts';
import type { DriverSettings, Parts, Resources } from './parts.ts';
import { DockerRemovals } from './reconcile/docker-removals.ts';
import { KernelWatch } from './reconcile/kernel-watch.ts';
import { areRecordsOlder } from './recovery/older-records.ts';
import { Recovery } from './recovery/recovery.ts';
import { VtyLines } from './routers/router-lines.ts';
import { openSandbox } from './sandbox/sandbox-view.ts';
import type { Drivers } from './server/plugin-servers.ts';
import { currentBootId } from './state/boot-id.ts';
import { forgetContainers } from './state/forget-containers.ts';
import { openStateDirectory, type StateDirectory } from './state/state-directory.ts';
import { askUnixServer } from './unix-http.ts';

/**
 * Requests to the kernel at once. They may all wait for the one lock of rtnetlink, each in a thread of libuv's pool of 4:
 * one thread stays free for the store. More threads are slower: each sleeps longer and wakes with colder caches.
 */
const RTNL_LANES = 3;

/** The table of nftables that the filters of container links are in. */
const FILTER_TABLE = 'routed';

/** Everything behind the sockets, from the opening of the state to its closing. */
export interface Life extends Drivers {
  readonly admin: AdminServices;
  /** Settled when the state of an earlier life has been compared with the kernel. */
  readonly ready: Promise<void>;
  close(): Promise<void>;
}

/** What tells of changes on the host. */
interface News {
  readonly monitor: Monitor;
  readonly ruleset: RulesetWatch | undefined;
}

/**
 * Takes up the state of an earlier life and starts to keep the kernel as it should be. A start that fails closes
 * everything again.
 *
 * @throws RoutedError
 */
export async function startLife(options: ServeOptions, metrics: Metrics, logger: Logger): Promise<Life> {
  const closing = new Closing();
  try {
    const bootId = await currentBootId();
    const state = await openStateDirectory(options.stateDirectory, bootId);
    closing.add(() => state.close());
    if (state.isFromEarlierBoot) await forgetContainers(state, logger);
    const ledger = fileLedger(options.stateDirectory, bootId);
    const opened = await openParts(options, { state, ledger, metrics, logger }, closing);
    const { parts, settings } = opened;
    await parts.gateways.check(settings.gateways[4]);
    await parts.keeper.load();
    await parts.sticky.load();
    await parts.owners.load();
    closing.add(() => parts.networks.leaveHost());
    await parts.host.start();
    const isRecoveryDue = state.isRecoveryDue || (await areRecordsOlder(opened.rtnl, parts.endpoints));
    const recovery = isRecoveryDue ? recoveryOf(options, { ...opened, state, logger }) : undefined;
    const removals = removalsOf(options, { ...opened, logger });
    const ready = keepUp(opened, { recovery, removals }, closing);
    logger.info({ sockets: options.sockets, gateway: settings.gateways[4], mtuBytes: settings.mtuBytes }, 'serving');
    const { network, ipam, admin } = parts;
    return { network, ipam, admin, ready, close: () => closing.close() };
  } catch (error) {
    await closing.close();
    throw error;
  }
}

/** The parts, and what they were made with. */
interface Opened extends Pick<Resources, 'rtnl' | 'ipam'> {
  readonly parts: Parts;
  readonly news: News;
  readonly settings: DriverSettings;
}

async function openParts(
  options: ServeOptions,
  {
    state,
    ledger,
    metrics,
    logger,
  }: Pick<Resources, 'ledger' | 'metrics' | 'logger'> & { readonly state: StateDirectory },
  closing: Closing,
): Promise<Opened> {
  const netns = await openNetns('current');
  closing.add(() => netns.close());
  const rtnl = await netns.openRtnl({ lanes: RTNL_LANES });
  closing.add(() => rtnl.close());
  // Opened before anything is read, so that no change falls in between.
  const monitor = await openMonitor({ groups: ['link', 'address', 'route', 'netconf'] });
  closing.add(() => monitor.close());
  const nfnetlink = await openNfnetlink();
  closing.add(() => nfnetlink.close());
  const ruleset = await watchRuleset({ filterTable: FILTER_TABLE, own: nfnetlink });
  closing.add(() => ruleset?.close());
  const news = { monitor, ruleset };
  const uplinks = new Uplinks({ rtnl }, options.uplinks);
  const acceptance = createForwardAcceptance(
    { run: runCommand, uplinks: async () => uplinks.namesOf(await rtnl.links.list()), watch: news.ruleset },
    { linkPrefix: HOST_LINK_PREFIX },
  );
  const policies = createForwardPolicies({ run: runCommand });
  const filters = createEndpointFilters(
    { nfnetlink, run: runCommand, watch: ruleset },
    { table: FILTER_TABLE, linkPrefix: HOST_LINK_PREFIX },
  );
  // A connection of its own: no filter waits for what is slower.
  const tracking = await openNfnetlink();
  closing.add(() => tracking.close());
  const connections = createConnections({ nfnetlink: tracking });
  const ipam = await openIpam({ store: state.leases }, { hostIdentity: hostname() });
  const docker = dockerContainers(options.dockerSocket);
  const isEngineUp = (): Promise<boolean> => answersPing(options.dockerSocket);
  const routers = new VtyLines();
  closing.add(() => routers.close());
  const firewall = { acceptance, policies, filters, uplinks };
  const common = { ipam, routers, state, ledger, metrics, logger };
  const resources: Resources = { netns, rtnl, openSandbox, docker, isEngineUp, connections, ...firewall, ...common };
  const settings = await settingsOf(options, rtnl, news.monitor, logger);
  const parts = wire(resources, settings);
  closing.add(() => parts.reaper.flush());
  closing.add(() => parts.keeper.stop());
  closing.add(() => parts.configurator.stop());
  return { parts, news, settings, rtnl, ipam };
}

async function settingsOf(
  { gateway, mtu, uplinks }: ServeOptions,
  rtnl: Rtnl,
  events: Monitor,
  logger: Logger,
): Promise<DriverSettings> {
  const gateways = { ...VIRTUAL_GATEWAYS, ...(gateway === undefined ? {} : { 4: gateway }) };
  const common = { gateways, ...(uplinks === undefined ? {} : { uplinks }) };
  if (mtu !== 'auto') return { ...common, mtuBytes: mtu };
  const uplink = await findUplink(rtnl, uplinks);
  if (uplink !== undefined) new UplinkWatch({ events, uplink, logger });
  if (uplink === undefined) return { ...common, mtuBytes: ETHERNET_MTU_BYTES };
  return { ...common, mtuBytes: uplink.mtuBytes, mtuUplink: uplink.name };
}

const PING_TIMEOUT_MS = 1_000;

/** Whether a Docker engine has started: before that it accepts connections and is silent. */
async function answersPing(socketPath: string): Promise<boolean> {
  const ping = { socketPath, method: 'GET', path: '/_ping', timeoutMs: PING_TIMEOUT_MS } as const;
  return await askUnixServer(ping).then(
    ({ status }) => status === 200,
    () => false,
  );
}

/** What makes lost records anew. */
function recoveryOf(
  { sockets, dockerSocket }: ServeOptions,
  { parts, rtnl, ipam, state, logger }: Opened & { readonly state: StateDirectory; readonly logger: Logger },
): Recovery {
  const { networks, endpoints, keeper, leases } = parts;
  const driverNames = Object.values(sockets).map((path: string) => basename(path, '.sock'));
  const docker = dockerNetworks(dockerSocket);
  const into = { networks, endpoints, leases, keeper, drivers: parts, state };
  return new Recovery({ docker, rtnl, ipam, ...into, driverNames, logger });
}

/** What frees what Docker removed while the daemon was away. */
function removalsOf({ dockerSocket }: ServeOptions, { parts, rtnl, logger }: Opened & { readonly logger: Logger }) {
  const { networks, endpoints, leases, forgottenNetworks } = parts;
  const docker = dockerNetworks(dockerSocket);
  return new DockerRemovals({ docker, rtnl, networks, endpoints, leases, forgottenNetworks, logger });
}

/** Keeps the kernel as it should be from now on; the promise is fulfilled when it is so for the first time. */
function keepUp(
  { parts, rtnl, news: { monitor, ruleset } }: Opened,
  { recovery, removals }: { readonly recovery: Recovery | undefined; readonly removals: DockerRemovals },
  closing: Closing,
): Promise<void> {
  const { keeper, networks, endpoints, sticky, owners, sandboxes, cluster, absence, hidden } = parts;
  sandboxes.listenTo(monitor);
  absence.listenTo(monitor, () => keeper.repair());
  hidden.listenTo(monitor);
  const repairs = { repair: () => keeper.repair(), repairHost: () => keeper.repairHost() };
  const ready = keeper.start();
  const linkAt = (index: number): Promise<Link | undefined> => rtnl.links.get({ index });
  const watch = new KernelWatch({ events: monitor, ruleset, endpoints, networks, linkAt, ...repairs });
  closing.add(() => sticky.stop());
  closing.add(() => owners.stop());
  closing.add(() => cluster.watch.stop());
  closing.add(() => recovery?.stop());
  closing.add(() => removals.stop());
  closing.add(() => hidden.stop());
  closing.add(() => watch.stop());
  ready.then(
    () => {
      cluster.watch.start(monitor);
      sticky.start();
      owners.start();
      void recovery?.start();
      void removals.start();
    },
    () => undefined,
  );
  return ready;
}
