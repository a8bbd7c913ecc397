// tsyringe refuses to be loaded without it.
import 'reflect-metadata';
import type { Ipam } from '@routed/ipam';
import type { Rtnl } from '@routed/netns';
import { container, type DependencyContainer, instanceCachingFactory, type InjectionToken } from 'tsyringe';
import type { AdminServices } from './admin/admin-app.ts';
import { ClaimCheck } from './cluster/claim-check.ts';
import { type ClusterCounts, clusterCounts } from './cluster/cluster-counts.ts';
import { type ConflictParts, conflictParts } from './cluster/conflict-parts.ts';
import { AddressList } from './containers/address-list.ts';
import { AddressOwners } from './containers/address-owners.ts';
import { ContainerAddresses } from './containers/container-addresses.ts';
import { ContainerFilters } from './containers/container-filters.ts';
import { StickyKeeper } from './containers/sticky-keeper.ts';
import { StickyRecords } from './containers/sticky-records.ts';
import type { DockerContainers } from './docker/docker-containers.ts';
import { DaemonKnowledge } from './doctor/daemon-knowledge.ts';
import { ipamDriver } from './drivers/ipam-driver.ts';
import { networkDriver } from './drivers/network-driver.ts';
import { AdditionalLeases } from './endpoints/additional-leases.ts';
import { addressTexts } from './endpoints/endpoint.ts';
import { EndpointFiltering } from './endpoints/endpoint-filtering.ts';
import { EndpointLifecycle } from './endpoints/endpoint-lifecycle.ts';
import { EndpointLinks } from './endpoints/endpoint-links.ts';
import type { DesiredEndpoint } from './endpoints/endpoint-plan.ts';
import { LinkReaper } from './endpoints/link-reaper.ts';
import { Gateways } from './host/gateways.ts';
import { HostAddresses } from './host/host-addresses.ts';
import { HostPreparation } from './host/host-preparation.ts';
import { KernelSettings } from './host/kernel-settings.ts';
import { KeyedLock } from './keyed-lock.ts';
import { DockerLeases } from './leases/docker-leases.ts';
import { DockerPools } from './leases/docker-pools.ts';
import { LooseLeases } from './leases/loose-leases.ts';
import { Journal } from './journal/journal.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics/metrics.ts';
import { AdditionalPrefixes } from './networks/additional-prefixes.ts';
import { GatewayCheck } from './networks/gateway-check.ts';
import { NetworkRegistry } from './networks/network-registry.ts';
import type { DriverSettings, Parts, Resources } from './parts.ts';
import { Absence } from './endpoints/absence.ts';
import { ForgottenNetworks } from './reconcile/forgotten-networks.ts';
import { Forgotten } from './reconcile/forgotten.ts';
import { HiddenRoutes } from './reconcile/hidden-routes.ts';
import { observeRules } from './reconcile/observed-rules.ts';
import { Reconciler } from './reconcile/reconciler.ts';
import { RoundObserver } from './reconcile/round-observer.ts';
import { StateKeeper } from './reconcile/state-keeper.ts';
import { SandboxConfigurator } from './sandbox/sandbox-configurator.ts';
import { hasSandbox } from './sandbox/sandbox-view.ts';
import { SandboxWatch } from './sandbox/sandbox-watch.ts';
import type { Handlers } from './server/plugin-app.ts';
import { describeAddress } from './status/address-record.ts';
import { DaemonStatus } from './status/daemon-status.ts';
import { VERSION } from './version.ts';

function token<T>(name: string): InjectionToken<T> {
  return Symbol(name);
}

const LOGGER = token<Logger>('logger');
const RTNL = token<Rtnl>('rtnl');
const IPAM = token<Ipam>('ipam');
const DOCKER = token<DockerContainers>('docker');
const LOCK = token<KeyedLock>('lock');
const GATEWAYS = token<Gateways>('gateways');
const HOST = token<HostPreparation>('host preparation');
const HOST_ADDRESSES = token<HostAddresses>('host addresses');
const COUNTS = token<ClusterCounts>('cluster counts');
const CLAIMS = token<ClaimCheck>('claim check');
const CLUSTER = token<ConflictParts>('conflict parts');
const REAPER = token<LinkReaper>('link reaper');
const NETWORKS = token<NetworkRegistry>('networks');
const LINKS = token<EndpointLinks>('endpoint links');
const LEASES = token<AdditionalLeases>('additional leases');
const ENDPOINTS = token<EndpointLifecycle>('endpoints');
const CONFIGURATOR = token<SandboxConfigurator>('sandbox configurator');
const SANDBOXES = token<SandboxWatch>('sandbox watch');
const LOOSE = token<LooseLeases>('loose leases');
const DOCKER_LEASES = token<DockerLeases>('docker leases');
const METRICS = token<Metrics>('metrics');
const JOURNAL = token<Journal>('journal');
const OBSERVER = token<RoundObserver>('round observer');
const STATUS = token<DaemonStatus>('status');
const DOCKER_POOLS = token<DockerPools>('docker pools');
const ABSENCE = token<Absence>('absence');
const HIDDEN = token<HiddenRoutes>('hidden routes');
const FORGOTTEN = token<Forgotten>('forgotten');
const FORGOTTEN_NETWORKS = token<ForgottenNetworks>('forgotten networks');
const RECORDS = token<StickyRecords>('sticky records');
const OWNERS = token<AddressOwners>('address owners');
const STICKY = token<StickyKeeper>('sticky keeper');
const ADMIN = token<AdminServices>('admin services');
const KNOWLEDGE = token<DaemonKnowledge>('daemon knowledge');
const KEEPER = token<StateKeeper>('state keeper');
const NETWORK_HANDLERS = token<Handlers>('network driver');
const IPAM_HANDLERS = token<Handlers>('ipam driver');

/** Puts the parts together; opens and starts nothing. */
export function wire(resources: Resources, settings: DriverSettings): Parts {
  const root = container.createChildContainer();
  const single = singles(root);
  registerResources(root, resources);
  registerHost(single, resources, settings);
  registerEndpoints(single, resources);
  registerContainers(single, resources);
  registerObserver(single);
  registerUpkeep(single, settings);
  registerDrivers(single, settings);
  root.resolve(METRICS).watch(root.resolve(STATUS));
  return {
    network: root.resolve(NETWORK_HANDLERS),
    ipam: root.resolve(IPAM_HANDLERS),
    host: root.resolve(HOST),
    networks: root.resolve(NETWORKS),
    gateways: root.resolve(GATEWAYS),
    leases: root.resolve(DOCKER_LEASES),
    reaper: root.resolve(REAPER),
    keeper: root.resolve(KEEPER),
    configurator: root.resolve(CONFIGURATOR),
    sandboxes: root.resolve(SANDBOXES),
    absence: root.resolve(ABSENCE),
    hidden: root.resolve(HIDDEN),
    forgotten: root.resolve(FORGOTTEN),
    forgottenNetworks: root.resolve(FORGOTTEN_NETWORKS),
    sticky: root.resolve(STICKY),
    owners: root.resolve(OWNERS),
    admin: root.resolve(ADMIN),
    metrics: root.resolve(METRICS),
    endpoints: root.resolve(ENDPOINTS),
    counts: root.resolve(COUNTS),
    cluster: root.resolve(CLUSTER),
  };
}

type Get = <D>(dependency: InjectionToken<D>) => D;

/** Registers one part, which is made once, when it is first needed. */
type Single = <T>(key: InjectionToken<T>, make: (get: Get) => T) => void;

function singles(root: DependencyContainer): Single {
  return (key, make) => {
    root.register(key, {
      useFactory: instanceCachingFactory((scope) => make((dependency) => scope.resolve(dependency))),
    });
  };
}

function registerResources(root: DependencyContainer, { logger, rtnl, ipam, docker, metrics }: Resources): void {
  root.register(LOGGER, { useValue: logger });
  root.register(RTNL, { useValue: rtnl });
  root.register(IPAM, { useValue: ipam });
  root.register(DOCKER, { useValue: docker });
  root.register(METRICS, { useValue: metrics });
  root.register(JOURNAL, { useValue: new Journal() });
  root.register(LOCK, { useValue: new KeyedLock() });
}

function registerHost(
  single: Single,
  { netns, acceptance, policies, uplinks, isEngineUp, filters, state, ledger }: Resources,
  settings: DriverSettings,
): void {
  const kernel = (get: Get) => ({ rtnl: get(RTNL), logger: get(LOGGER) });
  single(HOST, (get) => {
    const settings = new KernelSettings({ netns, policies, ledger, logger: get(LOGGER) });
    const firewall = { policies, ...observeRules({ acceptance, filters }, get(OBSERVER)) };
    return new HostPreparation({ ...kernel(get), settings, ...firewall, uplinks, isEngineUp });
  });
  single(HOST_ADDRESSES, (get) => new HostAddresses(kernel(get)));
  single(COUNTS, () => clusterCounts());
  single(CLAIMS, (get) => new ClaimCheck({ host: get(HOST_ADDRESSES), counts: get(COUNTS) }));
  single(GATEWAYS, (get) => new Gateways(kernel(get)));
  single(REAPER, (get) => new LinkReaper(kernel(get)));
  single(NETWORKS, (get) => {
    const deps = { ipam: get(IPAM), gateways: get(GATEWAYS), host: get(HOST), lock: get(LOCK) };
    const prefixes = new AdditionalPrefixes({ ipam: get(IPAM), host: get(HOST_ADDRESSES) });
    return new NetworkRegistry({
      ...deps,
      prefixes,
      defaultMtuBytes: settings.mtuBytes,
      repository: state.networks,
    });
  });
}

function registerEndpoints(single: Single, { state, openSandbox, filters, connections, routers }: Resources): void {
  single(LEASES, (get) => {
    return new AdditionalLeases({ ipam: get(IPAM), claims: get(CLAIMS), logger: get(LOGGER) });
  });
  single(LINKS, (get) => new EndpointLinks({ rtnl: get(RTNL), reaper: get(REAPER), logger: get(LOGGER) }));
  single(ENDPOINTS, (get) => {
    const common = { networks: get(NETWORKS), gateways: get(GATEWAYS), logger: get(LOGGER), lock: get(LOCK) };
    const parts = { links: get(LINKS), claims: get(CLAIMS), leases: get(LEASES), journal: get(JOURNAL) };
    const filtering = new EndpointFiltering({ filters, connections, logger: get(LOGGER) });
    const gifts = {
      hasLists: (networkId: string) => get(RECORDS).hasLists(networkId),
      onJoin: (endpointId: string) => {
        get(STICKY).onJoin(endpointId);
        get(OWNERS).onJoin(endpointId);
      },
    };
    return new EndpointLifecycle({ ...common, ...parts, filtering, gifts, repository: state.endpoints });
  });
  single(ABSENCE, (get) => {
    const deps = { rtnl: get(RTNL), endpoints: get(ENDPOINTS), links: get(LINKS) };
    return new Absence({ ...deps, journal: get(JOURNAL), logger: get(LOGGER) });
  });
  single(CLUSTER, (get) => {
    const absence = get(ABSENCE);
    const deps = { endpoints: get(ENDPOINTS), links: get(LINKS), networks: get(NETWORKS), host: get(HOST_ADDRESSES) };
    return conflictParts({
      ...deps,
      absence,
      routers,
      counts: get(COUNTS),
      journal: get(JOURNAL),
      logger: get(LOGGER),
    });
  });
  single(LOOSE, () => new LooseLeases());
  single(DOCKER_LEASES, (get) => {
    const deps = { ipam: get(IPAM), claims: get(CLAIMS), endpoints: get(ENDPOINTS), loose: get(LOOSE) };
    return new DockerLeases({ ...deps, journal: get(JOURNAL), logger: get(LOGGER) });
  });
  single(DOCKER_POOLS, (get) => {
    const isAllowedPrefix = (poolId: string): boolean => get(NETWORKS).isAllowedPrefix(poolId);
    const dropDoubtful = (): Promise<readonly string[]> => get(NETWORKS).dropDoubtful();
    return new DockerPools({ ipam: get(IPAM), isAllowedPrefix, dropDoubtful, loose: get(LOOSE), logger: get(LOGGER) });
  });
  single(CONFIGURATOR, (get) => {
    const deps = { endpoints: get(ENDPOINTS), rtnl: get(RTNL), logger: get(LOGGER) };
    return new SandboxConfigurator({ ...deps, journal: get(JOURNAL), open: openSandbox, isThere: hasSandbox });
  });
  single(SANDBOXES, (get) => {
    const deps = { endpoints: get(ENDPOINTS), configurator: get(CONFIGURATOR) };
    return new SandboxWatch(deps);
  });
}

/** What has to do with containers as Docker names them, for operators. */
function registerContainers(single: Single, { state, filters }: Resources): void {
  const common = (get: Get) => ({
    docker: get(DOCKER),
    endpoints: get(ENDPOINTS),
    leases: get(LEASES),
    records: get(RECORDS),
    configurator: get(CONFIGURATOR),
    lock: get(LOCK),
  });
  single(RECORDS, () => new StickyRecords(state.sticky));
  single(OWNERS, (get) => {
    const deps = { docker: get(DOCKER), endpoints: get(ENDPOINTS), journal: get(JOURNAL), logger: get(LOGGER) };
    return new AddressOwners({ ...deps, repository: state.owners });
  });
  single(STICKY, (get) => new StickyKeeper({ ...common(get), logger: get(LOGGER) }));
  single(ADMIN, (get) => ({
    addresses: new ContainerAddresses({ ...common(get), networks: get(NETWORKS) }),
    list: new AddressList(common(get)),
    filters: new ContainerFilters({
      ...common(get),
      networks: get(NETWORKS),
      journal: get(JOURNAL),
      keeper: get(STICKY),
      filters,
    }),
    describe: (address) => describeAddress(address, { ...common(get), ipam: get(IPAM), journal: get(JOURNAL) }),
    status: get(STATUS),
    knowledge: get(KNOWLEDGE),
    journal: get(JOURNAL),
  }));
}

function registerObserver(single: Single): void {
  single(OBSERVER, (get) => {
    const addressesOf = (endpointId: string): readonly string[] => addressTexts(get(ENDPOINTS).get(endpointId));
    return new RoundObserver({ metrics: get(METRICS), journal: get(JOURNAL), logger: get(LOGGER), addressesOf });
  });
}

function registerUpkeep(single: Single, settings: DriverSettings): void {
  single(KNOWLEDGE, (get) => {
    const deps = { networks: get(NETWORKS), endpoints: get(ENDPOINTS), loose: get(LOOSE) };
    return new DaemonKnowledge({ ...deps, settings });
  });
  single(FORGOTTEN, (get) => {
    return new Forgotten({ endpoints: get(ENDPOINTS), leases: get(DOCKER_LEASES), logger: get(LOGGER) });
  });
  single(STATUS, (get) => {
    const common = { ipam: get(IPAM), networks: get(NETWORKS), endpoints: get(ENDPOINTS), reaper: get(REAPER) };
    const upkeep = {
      configurator: get(CONFIGURATOR),
      observer: get(OBSERVER),
      forgotten: get(FORGOTTEN),
      sticky: get(STICKY),
    };
    const cluster = {
      conflicts: get(CLUSTER).conflicts,
      absence: get(ABSENCE),
      hidden: get(HIDDEN),
      counts: get(COUNTS),
      host: get(HOST),
    };
    return new DaemonStatus({ ...common, ...upkeep, ...cluster, settings: { ...settings, version: VERSION } });
  });
  single(HIDDEN, (get) => {
    const { withheld } = get(CLUSTER);
    const isWithheld = (destination: string): boolean => withheld.has(destination) || get(ABSENCE).has(destination);
    const deps = { rtnl: get(RTNL), endpoints: get(ENDPOINTS), journal: get(JOURNAL), logger: get(LOGGER) };
    return new HiddenRoutes({ ...deps, isWithheld });
  });
  single(FORGOTTEN_NETWORKS, (get) => {
    const deps = { networks: get(NETWORKS), endpoints: get(ENDPOINTS), sticky: get(STICKY), logger: get(LOGGER) };
    return new ForgottenNetworks({ ...deps, pools: get(DOCKER_POOLS) });
  });
  single(KEEPER, (get) => {
    const deps = { rtnl: get(RTNL), endpoints: get(ENDPOINTS), reaper: get(REAPER), logger: get(LOGGER) };
    const absence = get(ABSENCE);
    const surveyors = [absence, get(LINKS), get(SANDBOXES), get(FORGOTTEN), get(KNOWLEDGE)];
    const { withheld: yielded, conflicts } = get(CLUSTER);
    const withheld = {
      has: (destination: string) => yielded.has(destination) || absence.has(destination),
      without: (endpoint: DesiredEndpoint) => absence.without(yielded.without(endpoint)),
    };
    const reconciler = new Reconciler({ ...deps, withheld, observer: get(OBSERVER), surveyors });
    const forgotten = { forgotten: get(FORGOTTEN), forgottenNetworks: get(FORGOTTEN_NETWORKS) };
    const state = { leases: get(DOCKER_LEASES), networks: get(NETWORKS), conflicts, absence, hidden: get(HIDDEN) };
    return new StateKeeper({ ...deps, ...forgotten, ...state, reconciler });
  });
}

function registerDrivers(single: Single, settings: DriverSettings): void {
  single(NETWORK_HANDLERS, (get) => {
    const deps = { ipam: get(IPAM), networks: get(NETWORKS), endpoints: get(ENDPOINTS), sticky: get(STICKY) };
    const leases = { leases: get(DOCKER_LEASES), pools: get(DOCKER_POOLS), loose: get(LOOSE) };
    const gatewayCheck = new GatewayCheck({ rtnl: get(RTNL) });
    return networkDriver({ ...settings, ...deps, ...leases, gatewayCheck, sandboxes: get(CONFIGURATOR) });
  });
  single(IPAM_HANDLERS, (get) => {
    const deps = { ipam: get(IPAM), host: get(HOST_ADDRESSES), pools: get(DOCKER_POOLS) };
    return ipamDriver({ ...settings, ...deps, networks: get(NETWORKS), leases: get(DOCKER_LEASES) });
  });
}
