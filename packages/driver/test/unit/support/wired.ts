import { assemble, type DriverComponents } from '../../../src/assemble.ts';
import type { AnnouncementMetrics } from '../../../src/announcement/announcement-metrics.ts';
import type { ReconcileMetrics } from '../../../src/upkeep/reconcile-reporter.ts';
import type {
  Container,
  ContainerControl,
  DockerContainers,
  DockerEngine,
  DockerNetwork,
  EngineNotice,
} from '@routed/docker-engine';
import { linkNames, type LinkReaper, type OpenSandbox, type SavedSysctls, Uplinks } from '@routed/datapath';
import type { RouterLines } from '@routed/quagga/show';
import { memoryRepository, memoryUndoLog, type Repository } from '@routed/store';
import { type Ipam, type LeaseStore, memoryLeaseStore, openIpam } from '@routed/ipam';
import type { ForwardPolicies } from '@routed/netfilter';
import { fakeKernel, type FakeKernel } from '@routed/netns/testing';
import { type Handler, type MethodName, parseRequest, type ReplyOf } from '@routed/plugin-protocol';
import sinon from 'sinon';
import type { HostDrainRecord } from '../../../src/endpoints/host-drain.ts';
import type { AddressOwner } from '../../../src/containers/address-owners.ts';
import type { KeptRecord } from '../../../src/leases/kept-record.ts';
import type { PersistentAssignment } from '../../../src/containers/persistent-assignment.ts';
import { VIRTUAL_GATEWAYS } from '../../../src/calls/default-gateways.ts';
import type { Endpoint } from '../../../src/endpoints/endpoint.ts';
import type { Network } from '../../../src/networks/network.ts';
import { FakeTrafficControl } from '../../../../datapath/test/unit/support/fake-traffic-control.ts';
import { messageOf } from '../../../../store/test/unit/support/message-of.ts';

/** The daemon on a kernel in memory, called as Docker calls it but without sockets. */
export interface WiredDaemon {
  readonly kernel: FakeKernel;
  readonly state: WiredState;
  readonly ipam: Ipam;
  readonly reaper: LinkReaper;
  readonly parts: DriverComponents;
  readonly firewall: Readonly<Record<'ensure' | 'acceptMarked' | 'remove', sinon.SinonSpy>>;
  readonly filters: { readonly set: sinon.SinonSpy; readonly remove: sinon.SinonSpy; requireUntracked: sinon.SinonSpy };
  readonly connections: {
    readonly forget: sinon.SinonSpy;
    readonly forgetRefused: sinon.SinonSpy;
    readonly count: sinon.SinonSpy;
    readonly mark: sinon.SinonSpy;
  };
  readonly warnings: sinon.SinonSpy;
  /** Asks for a round of repairs; {@link stop} waits for it. */
  repair(): void;
  /** Ends its timers; the kernel and the state stay for a successor. */
  stop(): Promise<void>;
  call<M extends MethodName>(method: M, request?: object): Promise<ReplyOf<M>>;
  /** The message of the error that a call ends with. */
  refusal(method: MethodName, request: object): Promise<string>;
}

/** What a test wants otherwise than usual. */
export interface WiredSettings {
  readonly gateway?: string;
  readonly mtuBytes?: number;
  /** Those of an earlier daemon, for a restart. */
  readonly kernel?: FakeKernel;
  readonly state?: WiredState;
  readonly docker?: DockerContainers & Partial<Pick<ContainerControl, 'inspect' | 'kill' | 'starting'>>;
  readonly dockerNetworks?: readonly DockerNetwork[];
  readonly engineEvents?: DockerEngine['events'];
  readonly isEngineUp?: boolean;
  /** The policies of FORWARD; absent: there is no iptables. */
  readonly policies?: ForwardPolicies;
  /** Links that the operator named as uplinks. */
  readonly uplinks?: readonly string[];
  readonly openSandbox?: OpenSandbox;
  readonly metrics?: ReconcileMetrics & AnnouncementMetrics;
  /** How many live connections others have to each address; absent: none. */
  readonly liveConnections?: ReadonlyMap<string, number>;
  /** The routing daemons of the host; absent: there are none. */
  readonly routers?: RouterLines;
}

/** What outlives a daemon. */
export interface WiredState {
  readonly networks: Repository<Network>;
  readonly endpoints: Repository<Endpoint>;
  readonly sticky: Repository<PersistentAssignment>;
  readonly kept: Repository<KeptRecord>;
  readonly owners: Repository<AddressOwner>;
  readonly drain: Repository<HostDrainRecord>;
  readonly leases: LeaseStore;
  readonly ledger: SavedSysctls;
}

/** No container is started: a sandbox is only a path. */
const nowhere = (path: string): Promise<never> => Promise.reject(new Error(`no sandbox ${path}`));

const noDocker: DockerContainers = {
  list: () => Promise.reject(new Error('no Docker here')),
  owners: () => Promise.reject(new Error('no Docker here')),
};

/** Docker with these containers, as they are when it is asked. */
export function dockerOf(containers: () => readonly Container[]): DockerContainers {
  return {
    list: () => Promise.resolve(containers()),
    owners: (networkId) => {
      const places = containers().flatMap(({ id, name, networks }) => networks.map((on) => ({ id, name, ...on })));
      const there = places.filter((on) => on.networkId === networkId && on.endpointId !== '');
      return Promise.resolve(
        new Map(there.map(({ id, name, networkName, endpointId }) => [endpointId, { id, name, network: networkName }])),
      );
    },
  };
}

const noPolicies: ForwardPolicies = {
  read: () => Promise.resolve(undefined),
  write: () => Promise.reject(new Error('no iptables here')),
  hasDockerChain: () => Promise.resolve(false),
};

/** Docker does not answer. */
const noEvents: DockerEngine['events'] = async function* (): AsyncGenerator<EngineNotice, void, undefined> {
  yield* [];
  await Promise.resolve();
};

const noRouters: RouterLines = { ask: () => Promise.resolve(undefined) };

/** Wires the real parts; only the kernel and the firewall are stand-ins. */
export async function wiredDaemon(settings: WiredSettings = {}): Promise<WiredDaemon> {
  const kernel = settings.kernel ?? fakeKernel();
  const state = settings.state ?? {
    networks: memoryRepository(),
    endpoints: memoryRepository(),
    sticky: memoryRepository(),
    kept: memoryRepository(),
    owners: memoryRepository(),
    drain: memoryRepository(),
    leases: memoryLeaseStore(),
    ledger: memoryUndoLog(),
  };
  await kernel.links.set({ name: 'lo' }, { isUp: true });
  const ensure = sinon.fake.resolves('installed');
  const firewall = { ensure, acceptMarked: sinon.fake.resolves('installed'), remove: sinon.fake.resolves(undefined) };
  const warnings = sinon.fake();
  const { openSandbox = nowhere, docker = noDocker, routers = noRouters } = settings;
  const filters = {
    ensure: sinon.fake.resolves('installed'),
    clear: sinon.fake.resolves(undefined),
    set: sinon.fake.resolves(undefined),
    remove: sinon.fake.resolves(undefined),
    list: sinon.fake.resolves([]),
    counters: sinon.fake.resolves(new Map()),
    open: sinon.fake.resolves(undefined),
    close: sinon.fake.resolves(undefined),
    handDns: sinon.fake.resolves('nft'),
    attend: sinon.fake.resolves(undefined),
    requireUntracked: sinon.fake.resolves(undefined),
  };
  const connections = {
    forget: sinon.fake.resolves(undefined),
    forgetRefused: sinon.fake.resolves(0),
    count: sinon.fake.resolves(settings.liveConnections ?? new Map()),
    mark: sinon.fake.resolves(undefined),
  };
  const metrics = settings.metrics ?? {
    countRepair: sinon.fake(),
    onError: sinon.fake(),
    observeRound: sinon.fake(),
    observeWithdrawal: sinon.fake(),
  };
  const logger = { debug: () => undefined, info: () => undefined, warn: warnings, error: warnings };
  const ipam = await openIpam({ store: state.leases }, { hostIdentity: 'h1' });
  const parts = assemble(
    {
      netns: kernel.netns,
      rtnl: kernel,
      openTc: () => Promise.resolve(trafficControlOf(kernel)),
      openSandbox,
      docker: {
        inspect: () => Promise.resolve(undefined),
        kill: () => Promise.resolve(false),
        starting: () => Promise.resolve(undefined),
        ...docker,
      },
      dockerNetworks: { networks: () => Promise.resolve(settings.dockerNetworks ?? []) },
      engineEvents: settings.engineEvents ?? noEvents,
      marks: { ensure: () => Promise.resolve(), remove: () => Promise.resolve() },
      isEngineUp: () => Promise.resolve(settings.isEngineUp ?? false),
      routers,
      metrics,
      acceptance: firewall,
      policies: settings.policies ?? noPolicies,
      uplinks: new Uplinks({ rtnl: kernel }, settings.uplinks),
      filters: filters,
      connections,
      ipam,
      state,
      ledger: state.ledger,
      logger,
    },
    {
      gateways: { ...VIRTUAL_GATEWAYS, ...(settings.gateway ? { 4: settings.gateway } : {}) },
      mtuBytes: settings.mtuBytes ?? 1500,
      version: '0.0.0',
    },
  );
  const handlers = { ...parts.network, ...parts.ipam };
  const call = async <M extends MethodName>(method: M, request?: object): Promise<ReplyOf<M>> => {
    const body = parseRequest(method, request === undefined ? '' : JSON.stringify(request));
    return await (handlers[method] as unknown as Handler<M>)(body);
  };
  await parts.keeper.load();
  await parts.kept.load();
  await parts.sticky.load();
  await parts.owners.load();
  await parts.hostDrain.load();
  await parts.cluster.conflicts.adopt();
  await parts.announcer.start();
  await parts.keeper.start();
  return {
    kernel,
    state,
    ipam,
    reaper: parts.reaper,
    parts,
    repair: () => parts.keeper.repair(),
    stop: async () => {
      parts.owners.stop();
      await parts.known.stop();
      await parts.keptKeeper.stop();
      await parts.announcer.stop();
      await parts.keeper.stop();
    },
    firewall,
    filters,
    connections,
    warnings,
    call,
    refusal: (method, request) => messageOf(call(method, request)),
  };
}

const trafficControls = new WeakMap<FakeKernel, FakeTrafficControl>();

/** Traffic control of a kernel: the same for the next daemon. */
export function trafficControlOf(kernel: FakeKernel): FakeTrafficControl {
  const tc = trafficControls.get(kernel) ?? new FakeTrafficControl(kernel);
  trafficControls.set(kernel, tc);
  return tc;
}

/** An id as Docker makes them: 64 hex digits that start with these. */
export function dockerId(digits: string): string {
  return digits.padEnd(64, '0');
}

/** What Docker asks when a user creates a network with one IPv4 prefix. */
export async function createNetwork(
  daemon: WiredDaemon,
  options: {
    readonly id?: string;
    readonly subnet?: string;
    readonly gateway?: string;
    readonly driverOptions?: object;
  } = {},
): Promise<string> {
  const { id = dockerId('c98909'), subnet = '10.1.0.0/16', gateway, driverOptions = {} } = options;
  const { PoolID, Pool, Data } = await daemon.call('IpamDriver.RequestPool', {
    AddressSpace: 'routed-local',
    Pool: subnet,
    SubPool: '',
    Options: null,
    V6: subnet.includes(':'),
  });
  const data = [{ AddressSpace: 'routed-local', Pool, Gateway: gateway ?? Data?.['com.docker.network.gateway'] }];
  await daemon.call('NetworkDriver.CreateNetwork', {
    NetworkID: id,
    Options: { 'com.docker.network.generic': driverOptions },
    IPv4Data: subnet.includes(':') ? [] : data,
    IPv6Data: subnet.includes(':') ? data : [],
  });
  return PoolID;
}

/** What Docker asks when it starts a container, up to and with Join. */
export async function startContainer(
  daemon: WiredDaemon,
  options: {
    readonly poolId: string;
    readonly endpointId: string;
    readonly networkId?: string;
    readonly address?: string;
    readonly sandbox?: string;
    readonly mac?: string;
    readonly driverOptions?: Readonly<Record<string, string>>;
  },
): Promise<ReplyOf<'NetworkDriver.Join'> & { readonly address: string }> {
  const { poolId, endpointId, networkId = dockerId('c98909'), address = '', mac = '' } = options;
  const { Address } = await daemon.call('IpamDriver.RequestAddress', {
    PoolID: poolId,
    Address: address,
    Options: null,
  });
  const isIpv6 = Address.includes(':');
  await daemon.call('NetworkDriver.CreateEndpoint', {
    NetworkID: networkId,
    EndpointID: endpointId,
    Interface: { Address: isIpv6 ? '' : Address, AddressIPv6: isIpv6 ? Address : '', MacAddress: mac },
    Options: options.driverOptions ?? {},
  });
  const SandboxKey = options.sandbox ?? `/var/run/docker/netns/${endpointId.slice(0, 12)}`;
  const reply = await daemon.call('NetworkDriver.Join', {
    NetworkID: networkId,
    EndpointID: endpointId,
    SandboxKey,
    Options: {},
  });
  return { ...reply, address: Address };
}

/** What Docker does after Join: moves the container's end of the link into a namespace of its own and sets it up. */
export async function moveToSandbox({ kernel }: Pick<WiredDaemon, 'kernel'>, endpointId: string): Promise<void> {
  const netns = kernel.createNetns();
  await kernel.links.set({ name: linkNames(endpointId).container }, { netns, name: 'eth0' });
  const inside = await netns.openRtnl();
  await inside.links.set({ name: 'eth0' }, { isUp: true });
  await inside.close();
}
