// tsyringe refuses to be loaded without it.
import 'reflect-metadata';
import { type Ipam, openIpam } from '@routed/ipam';
import { createForwardAcceptance, type ForwardAcceptance, runCommand } from '@routed/netfilter';
import { type Netns, openMonitor, openNetns, type Rtnl } from '@routed/netns';
import { hostname } from 'node:os';
import { container, type DependencyContainer, instanceCachingFactory, type InjectionToken } from 'tsyringe';
import type { ServeOptions } from './cli/serve-options.ts';
import { createDeferred } from './deferred.ts';
import { type DefaultGateways, VIRTUAL_GATEWAYS } from './drivers/default-gateways.ts';
import { ipamCapabilities, ipamDriver } from './drivers/ipam-driver.ts';
import { networkCapabilities, networkDriver } from './drivers/network-driver.ts';
import { AdditionalLeases } from './endpoints/additional-leases.ts';
import { EndpointLifecycle } from './endpoints/endpoint-lifecycle.ts';
import { EndpointLinks } from './endpoints/endpoint-links.ts';
import { HOST_LINK_PREFIX } from './endpoints/kernel-names.ts';
import { LinkReaper } from './endpoints/link-reaper.ts';
import { Gateways } from './host/gateways.ts';
import { HostAddresses } from './host/host-addresses.ts';
import { HostPreparation } from './host/host-preparation.ts';
import { uplinkMtu } from './host/uplink-mtu.ts';
import { KeyedLock } from './keyed-lock.ts';
import type { Logger } from './logger.ts';
import { AdditionalPrefixes } from './networks/additional-prefixes.ts';
import { NetworkRegistry } from './networks/network-registry.ts';
import { KernelWatch } from './reconcile/kernel-watch.ts';
import { Reconciler } from './reconcile/reconciler.ts';
import { StateKeeper } from './reconcile/state-keeper.ts';
import { SandboxConfigurator } from './sandbox/sandbox-configurator.ts';
import { type OpenSandbox, openSandbox } from './sandbox/sandbox-view.ts';
import { SandboxWatch } from './sandbox/sandbox-watch.ts';
import type { Handlers } from './server/plugin-app.ts';
import { type Drivers, type PluginPlaces, servePlugins } from './server/plugin-servers.ts';
import { currentBootId } from './state/boot-id.ts';
import { unreadable } from './state/database.ts';
import { forgetContainers } from './state/forget-containers.ts';
import { openStateDirectory, type StateDirectory } from './state/state-directory.ts';

/** The running daemon. */
export interface Daemon {
  /** Lets the requests under way finish, deletes the links that wait for it, and removes the sockets that it made. */
  stop(): Promise<void>;
}

function token<T>(name: string): InjectionToken<T> {
  return Symbol(name);
}

const LOGGER = token<Logger>('logger');
const RTNL = token<Rtnl>('rtnl');
const IPAM = token<Ipam>('ipam');
const GATEWAYS = token<Gateways>('gateways');
const HOST = token<HostPreparation>('host preparation');
const HOST_ADDRESSES = token<HostAddresses>('host addresses');
const REAPER = token<LinkReaper>('link reaper');
const NETWORKS = token<NetworkRegistry>('networks');
const ENDPOINTS = token<EndpointLifecycle>('endpoints');
const CONFIGURATOR = token<SandboxConfigurator>('sandbox configurator');
const SANDBOXES = token<SandboxWatch>('sandbox watch');
const KEEPER = token<StateKeeper>('state keeper');
const NETWORK_HANDLERS = token<Handlers>('network driver');
const IPAM_HANDLERS = token<Handlers>('ipam driver');

/**
 * Requests to the kernel at once. They may all wait for the one lock of rtnetlink, each in a thread of libuv's pool of 4:
 * one thread stays free for the store. More threads are slower: each sleeps longer and wakes with colder caches.
 */
const RTNL_LANES = 3;

/** What the daemon gets from outside: the kernel, the firewall, the stores. */
export interface Resources {
  readonly netns: Pick<Netns, 'readSysctl' | 'writeSysctl'>;
  readonly rtnl: Rtnl;
  readonly openSandbox: OpenSandbox;
  readonly acceptance: ForwardAcceptance;
  readonly ipam: Ipam;
  readonly state: Pick<StateDirectory, 'networks' | 'endpoints'>;
  readonly logger: Logger;
}

/** The parts of the daemon that its start and stop have to do with. */
export interface Parts {
  readonly network: Handlers;
  readonly ipam: Handlers;
  readonly host: HostPreparation;
  readonly gateways: Gateways;
  readonly reaper: LinkReaper;
  readonly keeper: StateKeeper;
  readonly configurator: SandboxConfigurator;
  readonly sandboxes: SandboxWatch;
  readonly endpoints: EndpointLifecycle;
}

/** What the drivers are set to. */
export interface DriverSettings {
  readonly gateways: DefaultGateways;
  /** MTU of networks that name none, in bytes. */
  readonly mtuBytes: number;
}

/**
 * Starts the daemon with the real kernel: the one place that knows every part.
 *
 * The sockets are served before anything is loaded, so that Docker is answered at once; calls that need more wait.
 */
export async function startDaemon(
  options: ServeOptions,
  inherited: PluginPlaces['inherited'],
  logger: Logger,
): Promise<Daemon> {
  const loading = createDeferred<Drivers>();
  const servers = await servePlugins(
    { paths: options.sockets, inherited },
    { atOnce: { network: networkCapabilities, ipam: ipamCapabilities }, loaded: loading.promise, logger },
  );
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

/** Everything behind the sockets. */
interface Life extends Drivers {
  /** Settled when the state of an earlier life has been compared with the kernel. */
  readonly ready: Promise<void>;
  close(): Promise<void>;
}

async function startLife(options: ServeOptions, logger: Logger): Promise<Life> {
  const state = await openStateDirectory(options.stateDirectory, await currentBootId());
  if (state.isFromEarlierBoot) await forgetContainers(state, logger);
  const netns = await openNetns('current');
  const rtnl = await netns.openRtnl({ lanes: RTNL_LANES });
  const acceptance = createForwardAcceptance({ run: runCommand }, { linkPrefix: HOST_LINK_PREFIX });
  const ipam = await openIpam({ store: state.leases }, { hostIdentity: hostname() });
  const settings = {
    gateways: { ...VIRTUAL_GATEWAYS, ...(options.gateway === undefined ? {} : { 4: options.gateway }) },
    mtuBytes: options.mtu === 'auto' ? await uplinkMtu(rtnl) : options.mtu,
  };
  const parts = wire({ netns, rtnl, openSandbox, acceptance, ipam, state, logger }, settings);
  // Opened before anything is read, so that no change falls in between.
  const monitor = await openMonitor({ groups: ['link', 'route'] });
  let watch: KernelWatch | undefined;
  const close = async (): Promise<void> => {
    watch?.stop();
    await monitor.close();
    await parts.configurator.stop();
    await parts.keeper.stop();
    await parts.reaper.flush();
    await rtnl.close();
    await netns.close();
    await state.close();
  };
  try {
    await parts.gateways.check(settings.gateways[4]);
    await loadState(parts.keeper, options.stateDirectory);
    await parts.host.start();
    parts.sandboxes.listenTo(monitor);
    const ready = parts.keeper.start();
    watch = new KernelWatch({ events: monitor, endpoints: parts.endpoints, repair: () => parts.keeper.repair() });
    logger.info({ sockets: options.sockets, gateway: settings.gateways[4], mtuBytes: settings.mtuBytes }, 'serving');
    return { network: parts.network, ipam: parts.ipam, ready, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Damage inside of the database shows when its records are read. */
async function loadState(keeper: StateKeeper, directory: string): Promise<void> {
  try {
    await keeper.load();
  } catch (error) {
    throw unreadable(directory, (error as Error).message, error);
  }
}

/** Puts the parts together; opens and starts nothing. */
export function wire(resources: Resources, settings: DriverSettings): Parts {
  const root = container.createChildContainer();
  const { logger, rtnl, netns, acceptance, ipam } = resources;
  root.register(LOGGER, { useValue: logger });
  root.register(RTNL, { useValue: rtnl });
  root.register(HOST, { useValue: new HostPreparation({ netns, rtnl, acceptance, logger }) });
  root.register(IPAM, { useValue: ipam });
  registerServices(root, resources, settings);
  registerDrivers(root, settings);
  return {
    network: root.resolve(NETWORK_HANDLERS),
    ipam: root.resolve(IPAM_HANDLERS),
    host: root.resolve(HOST),
    gateways: root.resolve(GATEWAYS),
    reaper: root.resolve(REAPER),
    keeper: root.resolve(KEEPER),
    configurator: root.resolve(CONFIGURATOR),
    sandboxes: root.resolve(SANDBOXES),
    endpoints: root.resolve(ENDPOINTS),
  };
}

function registerServices(
  root: DependencyContainer,
  { state, openSandbox }: Resources,
  settings: DriverSettings,
): void {
  const single = <T>(key: InjectionToken<T>, make: (get: <D>(dependency: InjectionToken<D>) => D) => T): void => {
    root.register(key, {
      useFactory: instanceCachingFactory((scope) => make((dependency) => scope.resolve(dependency))),
    });
  };
  const lock = new KeyedLock();
  single(REAPER, (get) => new LinkReaper({ rtnl: get(RTNL), logger: get(LOGGER) }));
  single(GATEWAYS, (get) => new Gateways({ rtnl: get(RTNL), logger: get(LOGGER) }));
  single(HOST_ADDRESSES, (get) => new HostAddresses({ rtnl: get(RTNL) }));
  single(NETWORKS, (get) => {
    const deps = { ipam: get(IPAM), gateways: get(GATEWAYS), host: get(HOST), lock };
    const prefixes = new AdditionalPrefixes({ ipam: get(IPAM), host: get(HOST_ADDRESSES) });
    const defaultMtuBytes = settings.mtuBytes;
    return new NetworkRegistry({ ...deps, prefixes, defaultMtuBytes, repository: state.networks });
  });
  single(ENDPOINTS, (get) => {
    const links = new EndpointLinks({ rtnl: get(RTNL), reaper: get(REAPER), logger: get(LOGGER) });
    const leases = new AdditionalLeases({ ipam: get(IPAM), host: get(HOST_ADDRESSES), logger: get(LOGGER) });
    const deps = { links, leases, networks: get(NETWORKS), gateways: get(GATEWAYS), logger: get(LOGGER), lock };
    return new EndpointLifecycle({ ...deps, repository: state.endpoints });
  });
  single(CONFIGURATOR, (get) => {
    const deps = { endpoints: get(ENDPOINTS), rtnl: get(RTNL), logger: get(LOGGER) };
    return new SandboxConfigurator({ ...deps, open: openSandbox });
  });
  single(SANDBOXES, (get) => {
    const deps = { endpoints: get(ENDPOINTS), configurator: get(CONFIGURATOR) };
    return new SandboxWatch({ ...deps, onArrival: () => undefined });
  });
  single(KEEPER, (get) => {
    const deps = { rtnl: get(RTNL), endpoints: get(ENDPOINTS), reaper: get(REAPER), logger: get(LOGGER) };
    const reconciler = new Reconciler({ ...deps, sandboxes: get(SANDBOXES) });
    return new StateKeeper({ ...deps, networks: get(NETWORKS), reconciler });
  });
}

function registerDrivers(root: DependencyContainer, settings: DriverSettings): void {
  root.register(NETWORK_HANDLERS, {
    useFactory: (scope) =>
      networkDriver({
        ...settings,
        ipam: scope.resolve(IPAM),
        networks: scope.resolve(NETWORKS),
        endpoints: scope.resolve(ENDPOINTS),
      }),
  });
  root.register(IPAM_HANDLERS, {
    useFactory: (scope) =>
      ipamDriver({
        ...settings,
        ipam: scope.resolve(IPAM),
        host: scope.resolve(HOST_ADDRESSES),
        networks: scope.resolve(NETWORKS),
      }),
  });
}
