import {
  BlockRoutes,
  EndpointFiltering,
  hostResolvers,
  EndpointLinks,
  Gateways,
  HostAddresses,
  hasSandbox,
  hostPrefix,
  HostNetworkSetup,
  KernelSettings,
  LinkLimits,
  LinkReaper,
  NamedDestinations,
  type Logger,
  type OpenSandbox,
  type SavedSysctls,
  UnannouncedTraffic,
  type Uplinks,
} from '@routed/datapath';
import type { ContainerControl, DockerEngine, DockerNetworks } from '@routed/docker-engine';
import { type Ipam, KeyedLock } from '@routed/ipam';
import type {
  ConnectionMarks,
  Connections,
  EndpointFilters,
  ForwardAcceptance,
  ForwardPolicies,
} from '@routed/netfilter';
import type { Netns, Rtnl } from '@routed/netns';
import type { TrafficControl } from '@routed/netns/tc';
import type { RouterLines } from '@routed/quagga/show';
import { Blocks } from './blocks/blocks.ts';
import { NetworkBlocks } from './blocks/network-blocks.ts';
import type { DefaultGateways } from './calls/default-gateways.ts';
import { DockerLeases } from './calls/docker-leases.ts';
import { DockerPools } from './calls/docker-pools.ts';
import type { Drivers } from './calls/drivers.ts';
import { ipamDriver } from './calls/ipam-driver.ts';
import { networkDriver } from './calls/network-driver.ts';
import { type ConflictComponents, createConflicts } from './conflicts/create-conflicts.ts';
import type { AnnouncementMetrics } from './announcement/announcement-metrics.ts';
import { Announcer } from './announcement/announcer.ts';
import { HostDrain } from './endpoints/host-drain.ts';
import { ContainerAnnouncements } from './announcement/container-announcements.ts';
import { liveConnections } from './announcement/live-connections.ts';
import { AddressList } from './containers/address-list.ts';
import { AssignmentKeeper } from './containers/assignment-keeper.ts';
import { ContainerAddresses } from './containers/container-addresses.ts';
import { GivenNameServers } from './containers/given-name-servers.ts';
import { ContainerFilters } from './containers/container-filters.ts';
import { ContainerLimits } from './containers/container-limits.ts';
import { LimitReader } from './containers/limit-counts.ts';
import { AddressOwners } from './containers/address-owners.ts';
import { Absence } from './endpoints/absence.ts';
import { GatewayCheck } from './networks/gateway-check.ts';
import { HiddenRoutes } from './upkeep/hidden-routes.ts';
import { observeRules } from './upkeep/observed-rules.ts';
import { PersistentAssignments } from './containers/persistent-assignments.ts';
import { EndpointLifecycle } from './endpoints/endpoint-lifecycle.ts';
import { EndpointPlans } from './endpoints/endpoint-plans.ts';
import { NameBook, noteNames } from './ground/endpoint-names.ts';
import { DriverEvents } from './ground/events.ts';
import { Journal } from './ground/journal.ts';
import { NetworkNames } from './ground/network-names.ts';
import { KnownContainers } from './containers/known-containers.ts';
import { KeptKeeper } from './containers/kept-keeper.ts';
import { KeptAddresses } from './leases/kept-addresses.ts';
import { OwnAddresses } from './calls/own-addresses.ts';
import { AdditionalLeases } from './leases/additional-leases.ts';
import { ConflictCounters } from './leases/conflict-counters.ts';
import { DuplicateAddressCheck } from './leases/duplicate-address-check.ts';
import { UnboundLeases } from './leases/unbound-leases.ts';
import { AdditionalPrefixes } from './networks/additional-prefixes.ts';
import { NetworkRegistry } from './networks/network-registry.ts';
import { AddressAnnouncements } from './reports/address-announcements.ts';
import type { AddressRecord } from './reports/address-record.ts';
import { describeAddress } from './reports/describe-address.ts';
import { FilteredPacketCount } from './reports/filtered-packets.ts';
import { DaemonStatus } from './reports/daemon-status.ts';
import { ListCounts } from './reports/list-counts.ts';
import { SandboxReconciler } from './sandboxes/sandbox-reconciler.ts';
import { SandboxWatch } from './sandboxes/sandbox-watch.ts';
import { RefusedPackets } from './refused/refused-packets.ts';
import type { StateDirectory } from './state/state-directory.ts';
import { ReconcileLoop } from './upkeep/reconcile-loop.ts';
import { type ReconcileMetrics, ReconcileReporter } from './upkeep/reconcile-reporter.ts';
import { Reconciler } from './upkeep/reconciler.ts';
import { StaleEndpoints } from './upkeep/stale-endpoints.ts';
import { NetworkRemoval } from './upkeep/network-removal.ts';
import { StaleNetworks } from './upkeep/stale-networks.ts';

/** What the driver works with: the kernel, the firewall, the stores, Docker and the router. */
export interface DriverPorts {
  readonly netns: Pick<Netns, 'readSysctl' | 'writeSysctl'>;
  readonly rtnl: Rtnl;
  /** Called when the rate of an endpoint is to be limited, or may be; always the same connection. */
  readonly openTc: () => Promise<TrafficControl>;
  readonly openSandbox: OpenSandbox;
  readonly acceptance: ForwardAcceptance;
  readonly policies: ForwardPolicies;
  readonly uplinks: Uplinks;
  readonly filters: EndpointFilters;
  readonly connections: Connections;
  readonly marks: ConnectionMarks;
  readonly ipam: Ipam;
  readonly docker: Pick<ContainerControl, 'list' | 'owners' | 'inspect' | 'kill' | 'starting'>;
  /** Docker's names of networks. */
  readonly dockerNetworks: Pick<DockerNetworks, 'networks'>;
  /** What happens in Docker. */
  readonly engineEvents: DockerEngine['events'];
  /** Whether Docker answers, and so has started. */
  readonly isEngineUp: () => Promise<boolean>;
  readonly routers: RouterLines;
  readonly metrics: ReconcileMetrics & AnnouncementMetrics;
  readonly state: Pick<StateDirectory, 'networks' | 'endpoints' | 'sticky' | 'kept' | 'owners' | 'drain'>;
  /** What kernel settings were before the daemon changed them. */
  readonly ledger: SavedSysctls;
  readonly logger: Logger;
}

/** What the driver is set to. */
export interface DriverSettings {
  readonly gateways: DefaultGateways;
  /** MTU of networks that name none, in bytes. */
  readonly mtuBytes: number;
  /** The uplink that the MTU was taken from; absent where the operator named one. */
  readonly mtuUplink?: string;
  /** The links that lead off the host, where the operator named them. */
  readonly uplinks?: readonly string[];
  /** The release, for status. */
  readonly version: string;
}

/** The components of the driver, each made once. */
export interface DriverComponents extends Drivers {
  readonly addresses: ContainerAddresses;
  readonly list: AddressList;
  readonly filters: ContainerFilters;
  readonly containerLimits: ContainerLimits;
  readonly limitReader: LimitReader;
  readonly filtered: FilteredPacketCount;
  readonly describe: (address: string) => AddressRecord;
  /** How many live connections others have to an address; undefined: the kernel could not be asked. */
  readonly connectionsTo: (address: string) => Promise<number | undefined>;
  readonly status: DaemonStatus;
  readonly journal: Journal;
  readonly refused: RefusedPackets;
  readonly host: HostNetworkSetup;
  readonly gateways: Gateways;
  readonly reaper: LinkReaper;
  readonly networks: NetworkRegistry;
  readonly endpoints: EndpointLifecycle;
  readonly named: NamedDestinations;
  readonly sandboxes: SandboxWatch;
  readonly sandboxReconciler: SandboxReconciler;
  readonly sticky: AssignmentKeeper;
  readonly cluster: ConflictComponents;
  readonly counts: ConflictCounters;
  readonly leases: DockerLeases;
  readonly blocks: Blocks;
  readonly networkBlocks: NetworkBlocks;
  readonly owners: AddressOwners;
  readonly known: KnownContainers;
  readonly kept: KeptAddresses;
  readonly keptKeeper: KeptKeeper;
  readonly absence: Absence;
  readonly announcer: Announcer;
  readonly announcements: ContainerAnnouncements;
  readonly hostDrain: HostDrain;
  readonly hidden: HiddenRoutes;
  readonly forgotten: StaleEndpoints;
  readonly forgottenNetworks: StaleNetworks;
  readonly networkRemoval: NetworkRemoval;
  readonly keeper: ReconcileLoop;
}

/** Puts the components together, each after those that it needs; opens and starts nothing. */
export function assemble(ports: DriverPorts, settings: DriverSettings): DriverComponents {
  const ground = groundOf(ports);
  const observer = new ReconcileReporter({ ...ground, metrics: ports.metrics });
  const host = hostComponents(ports, observer);
  const core = coreComponents(ports, settings, ground, host);
  const containers = containerComponents(ports, ground, host, core);
  const upkeep = upkeepComponents(
    settings,
    { ...ground, dockerNetworks: ports.dockerNetworks },
    { ...host, ...core, ...containers, observer },
  );
  const sandboxes = { sandboxes: containers.sandboxReconciler, sticky: containers.sticky };
  const gatewayCheck = new GatewayCheck(ground);
  const calls = { ...settings, ...ground, ...core, ...sandboxes, gatewayCheck, limits: host.limits };
  return {
    ...host,
    ...core,
    ...containers,
    ...upkeep,
    journal: ground.journal,
    refused: new RefusedPackets({ ...ground, ...core, linkAt: (index) => ports.rtnl.links.get({ index }) }),
    network: networkDriver(calls),
    ipam: ipamDriver({ ...calls, host: host.hostAddresses }),
  };
}

type Ground = ReturnType<typeof groundOf>;
type Host = ReturnType<typeof hostComponents>;
type Core = ReturnType<typeof coreComponents>;
type Containers = ReturnType<typeof containerComponents>;

/** What nearly every component works with. */
function groundOf({ rtnl, ipam, logger, docker: engine, dockerNetworks }: DriverPorts) {
  const names = new NameBook();
  const docker = noteNames(engine, names);
  return {
    ...{ rtnl, ipam, logger, docker, names },
    networkNames: new NetworkNames({ docker: dockerNetworks, logger }),
    ...{ events: new DriverEvents(), journal: new Journal(names), lock: new KeyedLock() },
  };
}

/** The kernel of the host. */
function hostComponents(
  { rtnl, openTc, logger, netns, ledger, acceptance, filters, policies, uplinks, marks, isEngineUp }: DriverPorts,
  observer: ReconcileReporter,
) {
  const kernel = { rtnl, logger };
  const settings = new KernelSettings({ netns, policies, ledger, logger });
  const rules = observeRules({ acceptance, filters }, observer);
  const reaper = new LinkReaper(kernel);
  const limits = new LinkLimits({ rtnl, openTc, reaper });
  return {
    host: new HostNetworkSetup({ ...kernel, settings, policies, ...rules, uplinks, isEngineUp }),
    hostAddresses: new HostAddresses(kernel),
    blockRoutes: new BlockRoutes(kernel),
    gateways: new Gateways(kernel),
    reaper,
    limits,
    links: new EndpointLinks({ ...kernel, reaper, limits }),
    traffic: new UnannouncedTraffic({ ...kernel, marks, uplinks, acceptance }),
  };
}

/** Networks, and who may have which address. */
function networkComponents(
  { ipam, state }: DriverPorts,
  { mtuBytes: defaultMtuBytes }: DriverSettings,
  ground: Ground,
  { host, hostAddresses, gateways }: Host,
) {
  const counts = new ConflictCounters();
  const prefixes = new AdditionalPrefixes({ ipam, host: hostAddresses });
  const kept = { prefixes, defaultMtuBytes, repository: state.networks };
  const loose = new UnboundLeases();
  const networks = new NetworkRegistry({ ...ground, ...kept, gateways, host });
  return {
    counts,
    claims: new DuplicateAddressCheck({ host: hostAddresses, counts }),
    loose,
    networks,
    pools: new DockerPools({
      ...ground,
      isAllowedPrefix: (poolId) => networks.isAllowedPrefix(poolId),
      dropDoubtful: () => networks.dropDoubtful(),
      loose,
    }),
    records: new PersistentAssignments(state.sticky),
  };
}

/** Networks, leases, endpoints, and what other hosts announce. */
function coreComponents(ports: DriverPorts, settings: DriverSettings, ground: Ground, host: Host) {
  const core = networkComponents(ports, settings, ground, host);
  const { claims, loose, networks, records } = core;
  // One by one: the daemon's ports have more fields than ours, such as `events`.
  const { routers, connections, metrics } = ports;
  const isInUse = (address: string): boolean => endpoints.endpointAt(hostPrefix(address)) !== undefined;
  const kept = new KeptAddresses({ ...ground, repository: ports.state.kept, isInUse });
  ground.events.on('delete', (additional) => kept.giveBack(additional));
  const additional = new AdditionalLeases({ ...ground, claims, kept });
  const hostDrain = new HostDrain({ repository: ports.state.drain });
  const named = new NamedDestinations({ ...ground, rtnl: ports.rtnl, filters: ports.filters });
  const filtering = new EndpointFiltering({ ...ground, hostResolvers, filters: ports.filters, named, connections });
  const plans = new EndpointPlans(networks);
  const endpoints = new EndpointLifecycle({
    ...ground,
    ...host,
    networks,
    plans,
    claims,
    leases: additional,
    filtering,
    gifts: records,
    hostDrain,
    repository: ports.state.endpoints,
  });
  const engine = { events: ports.engineEvents, containers: ground.docker };
  const absence = new Absence({ ...ground, ...host, endpoints });
  const shared = { ...ground, ...host, endpoints, connections };
  const cluster = createConflicts({ ...shared, ...core, routers, absence, host: host.hostAddresses });
  for (const by of [absence, cluster.suppressed]) plans.withhold(by);
  const announcer = new Announcer({ ...ground, ...cluster, endpoints, engine, hostDrain, connections, metrics });
  const blocks = new Blocks({ ...shared, ...core, ...cluster, kept, routes: host.blockRoutes });
  const own = new OwnAddresses({ ...ground, claims, endpoints, blocks, kept });
  return {
    ...core,
    additional,
    kept,
    named,
    filtering,
    blocks,
    networkBlocks: new NetworkBlocks({ networks, blocks, dockerNetworks: ports.dockerNetworks }),
    endpoints,
    absence,
    announcer,
    hostDrain,
    announcements: new ContainerAnnouncements({ ...ground, ...cluster, endpoints, announcer, hostDrain, connections }),
    cluster,
    leases: new DockerLeases({ ...ground, claims, endpoints, blocks, loose, kept, own }),
  };
}

/** The inside of sandboxes, and what operators say of containers. */
function containerComponents(
  { filters, state, openSandbox: open, connections, engineEvents }: DriverPorts,
  foundation: Ground,
  { limits, links }: Host,
  core: Core,
) {
  const { endpoints, networks, additional, records, kept } = core;
  const askAgain = (): void => owners.start();
  const known = new KnownContainers({ ...foundation, endpoints, engineEvents, askAgain });
  const ground = { ...foundation, docker: known.noting(foundation.docker) };
  const announcements = new AddressAnnouncements({ ...ground, ...core, conflicts: core.cluster.conflicts });
  const sandboxReconciler = new SandboxReconciler({ ...ground, endpoints, open, isThere: hasSandbox });
  const nameServers = new GivenNameServers({ ...ground, endpoints });
  const common = {
    ...ground,
    known,
    endpoints,
    networks,
    leases: additional,
    records,
    kept,
    sandboxReconciler,
    nameServers,
  };
  const sticky = new AssignmentKeeper(common);
  const keptKeeper = new KeptKeeper({ ...common, ...core, engineEvents });
  const onOwner = keptKeeper.note.bind(keptKeeper);
  const owners = new AddressOwners({ ...ground, known, endpoints, repository: state.owners, onOwner });
  const limitReader = new LimitReader({ ...ground, limits, links, endpoints });
  for (const each of [sticky, owners, known]) ground.events.on('join', (endpointId) => each.onJoin(endpointId));
  ground.events.on('leave', (endpointId) => known.onLeave(endpointId));
  return {
    addressAnnouncements: announcements,
    sandboxReconciler,
    sticky,
    owners,
    known,
    keptKeeper,
    sandboxes: new SandboxWatch({ endpoints, sandboxReconciler }),
    addresses: new ContainerAddresses(common),
    filtered: new FilteredPacketCount({ ...ground, filters }),
    list: new AddressList({ ...common, announcements }),
    filters: new ContainerFilters({ ...common, ...core, keeper: sticky, filters, hostResolvers }),
    listCounts: new ListCounts({ ...ground, endpoints, filters }),
    limitReader,
    containerLimits: new ContainerLimits({ ...common, limits, limitReader }),
    describe: (address: string) => describeAddress(address, { ...common, announcements }),
    connectionsTo: (address: string) => liveConnections([address], { connections, logger: ground.logger }),
  };
}

/** What compares, repairs and reports. */
function upkeepComponents(
  settings: DriverSettings,
  ground: Ground & Pick<DriverPorts, 'dockerNetworks'>,
  components: Host & Core & Containers & { readonly observer: ReconcileReporter },
) {
  const { endpoints, leases, links, cluster, absence, sandboxes, observer } = components;
  const forgotten = new StaleEndpoints({ ...ground, endpoints, leases });
  const forgottenNetworks = new StaleNetworks({ ...ground, ...components });
  const { suppressed, conflicts } = cluster;
  const isWithheld = (destination: string): boolean => suppressed.has(destination) || absence.has(destination);
  const hidden = new HiddenRoutes({ ...ground, endpoints, isWithheld });
  const linkObservers = [absence, sandboxes, forgotten];
  const reconciler = new Reconciler({ ...ground, links, endpoints, observer, linkObservers });
  return {
    forgotten,
    forgottenNetworks,
    networkRemoval: new NetworkRemoval({ ...ground, ...components, forgottenNetworks }),
    hidden,
    keeper: new ReconcileLoop({
      ...ground,
      ...components,
      forgotten,
      forgottenNetworks,
      hidden,
      reconciler,
    }),
    status: new DaemonStatus({ ...ground, ...components, forgotten, conflicts, hidden, settings }),
  };
}
