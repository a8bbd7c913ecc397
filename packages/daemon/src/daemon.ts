import { openIpam } from '@routed/ipam';
import { createForwardAcceptance, runCommand, type RulesetWatch, uplinkNames, watchRuleset } from '@routed/netfilter';
import { openMonitor, openNetns } from '@routed/netns';
import { hostname } from 'node:os';
import { type AdminServices, createAdminApp } from './admin/admin-app.ts';
import type { ServeOptions } from './cli/serve-options.ts';
import { type Parts, wire } from './composition-root.ts';
import { createDeferred } from './deferred.ts';
import { dockerContainers } from './docker/docker-containers.ts';
import { VIRTUAL_GATEWAYS } from './drivers/default-gateways.ts';
import { ipamCapabilities } from './drivers/ipam-driver.ts';
import { networkCapabilities } from './drivers/network-driver.ts';
import { HOST_LINK_PREFIX } from './endpoints/kernel-names.ts';
import { uplinkMtu } from './host/uplink-mtu.ts';
import type { Logger } from './logger.ts';
import { type EventSource, KernelWatch } from './reconcile/kernel-watch.ts';
import { openSandbox } from './sandbox/sandbox-view.ts';
import { type InheritedSockets, placeOf } from './server/inherited-sockets.ts';
import { listen, type PluginServer } from './server/plugin-server.ts';
import { type Drivers, servePlugins } from './server/plugin-servers.ts';
import { currentBootId } from './state/boot-id.ts';
import { unreadable } from './state/database.ts';
import { forgetContainers } from './state/forget-containers.ts';
import { openStateDirectory } from './state/state-directory.ts';

/** The running daemon. */
export interface Daemon {
  /** Lets the requests under way finish, deletes the links that wait for it, and removes the sockets that it made. */
  stop(): Promise<void>;
}

/**
 * Requests to the kernel at once. They may all wait for the one lock of rtnetlink, each in a thread of libuv's pool of 4:
 * one thread stays free for the store. More threads are slower: each sleeps longer and wakes with colder caches.
 */
const RTNL_LANES = 3;

/** Root alone: who reaches it can give any container any address. */
const ADMIN_SOCKET_MODE = 0o600;

/**
 * Starts the daemon with the real kernel.
 *
 * The sockets are served before anything is loaded, so that Docker is answered at once; calls that need more wait.
 */
export async function startDaemon(options: ServeOptions, inherited: InheritedSockets, logger: Logger): Promise<Daemon> {
  const loading = createDeferred<Life>();
  const servers = await serveSockets(options, inherited, loading.promise, logger);
  try {
    const life = await startLife(options, logger);
    loading.resolve(life.ready.then(() => life));
    return {
      stop: async () => {
        await servers.close();
        await life.close();
      },
    };
  } catch (error) {
    loading.reject(error);
    await servers.close();
    throw error;
  }
}

/** The sockets of Docker and that of operators. */
async function serveSockets(
  { sockets, adminSocket }: ServeOptions,
  inherited: InheritedSockets,
  loaded: Promise<Life>,
  logger: Logger,
): Promise<Pick<PluginServer, 'close'>> {
  const atOnce = { network: networkCapabilities, ipam: ipamCapabilities };
  const plugins = await servePlugins({ paths: sockets, inherited }, { atOnce, loaded, logger });
  try {
    const app = createAdminApp({ loaded: loaded.then(({ admin }) => admin), logger });
    const admin = await listen(placeOf('admin', adminSocket, inherited), app, ADMIN_SOCKET_MODE);
    return {
      close: async () => {
        await Promise.all([plugins.close(), admin.close()]);
      },
    };
  } catch (error) {
    await plugins.close();
    throw error;
  }
}

/** Everything behind the sockets. */
interface Life extends Drivers {
  readonly admin: AdminServices;
  /** Settled when the state of an earlier life has been compared with the kernel. */
  readonly ready: Promise<void>;
  close(): Promise<void>;
}

async function startLife(options: ServeOptions, logger: Logger): Promise<Life> {
  const state = await openStateDirectory(options.stateDirectory, await currentBootId());
  if (state.isFromEarlierBoot) await forgetContainers(state, logger);
  const netns = await openNetns('current');
  const rtnl = await netns.openRtnl({ lanes: RTNL_LANES });
  const ruleset = await watchRuleset();
  const acceptance = createForwardAcceptance(
    { run: runCommand, uplinks: async () => uplinkNames(await rtnl.links.list()), watch: ruleset },
    { linkPrefix: HOST_LINK_PREFIX },
  );
  const ipam = await openIpam({ store: state.leases }, { hostIdentity: hostname() });
  const settings = {
    gateways: { ...VIRTUAL_GATEWAYS, ...(options.gateway === undefined ? {} : { 4: options.gateway }) },
    mtuBytes: options.mtu === 'auto' ? await uplinkMtu(rtnl) : options.mtu,
  };
  const docker = dockerContainers(options.dockerSocket);
  const parts = wire({ netns, rtnl, openSandbox, docker, acceptance, ipam, state, logger }, settings);
  // Opened before anything is read, so that no change falls in between.
  const monitor = await openMonitor({ groups: ['link', 'route'] });
  let watch: KernelWatch | undefined;
  const close = async (): Promise<void> => {
    watch?.stop();
    parts.sticky.stop();
    await monitor.close();
    await ruleset?.close();
    await parts.configurator.stop();
    await parts.keeper.stop();
    await parts.reaper.flush();
    await rtnl.close();
    await netns.close();
    await state.close();
  };
  try {
    await parts.gateways.check(settings.gateways[4]);
    await loadState(parts, options.stateDirectory);
    await parts.host.start();
    parts.sandboxes.listenTo(monitor);
    const ready = parts.keeper.start();
    watch = watchKernel(parts, monitor, ruleset);
    ready.then(
      () => parts.sticky.start(),
      () => undefined,
    );
    logger.info({ sockets: options.sockets, gateway: settings.gateways[4], mtuBytes: settings.mtuBytes }, 'serving');
    return { network: parts.network, ipam: parts.ipam, admin: parts.admin, ready, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function watchKernel(
  { keeper, endpoints }: Parts,
  events: EventSource,
  ruleset: RulesetWatch | undefined,
): KernelWatch {
  const repairs = { repair: () => keeper.repair(), repairHost: () => keeper.repairHost() };
  return new KernelWatch({ events, ruleset, endpoints, ...repairs });
}

/** Damage inside of the database shows when its records are read. */
async function loadState({ keeper, sticky }: Parts, directory: string): Promise<void> {
  try {
    await keeper.load();
    await sticky.load();
  } catch (error) {
    throw unreadable(directory, (error as Error).message, error);
  }
}
