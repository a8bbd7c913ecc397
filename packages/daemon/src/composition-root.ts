// tsyringe refuses to be loaded without it.
import 'reflect-metadata';
import { HOST_LINK_PREFIX, openSandbox, type SavedSysctls, Uplinks } from '@routed/datapath';
import { createDockerEngine, type DockerEngine } from '@routed/docker-engine';
import { createDriver, type Driver, type DriverSettings, type StateDirectory } from '@routed/driver';
import type { Ipam } from '@routed/ipam';
import {
  type ConnectionMarks,
  type Connections,
  createConnectionMarks,
  createConnections,
  createEndpointFilters,
  createForwardAcceptance,
  createForwardPolicies,
  type EndpointFilters,
  type ForwardAcceptance,
  type ForwardPolicies,
  runCommand,
} from '@routed/netfilter';
import { VtyLines } from '@routed/quagga/show';
import { container, type DependencyContainer, instanceCachingFactory, type InjectionToken } from 'tsyringe';
import type { Logger } from './ground/logger.ts';
import type { Metrics } from './metrics/metrics.ts';
import { FILTER_TABLE, type Kernel, LOG_GROUP, MARK_TABLE } from './serve/open-kernel.ts';
import type { ServeOptions } from './serve/serve-options.ts';

/** What has to be opened before anything can be put together. */
export interface Opened {
  readonly options: ServeOptions;
  readonly settings: DriverSettings;
  readonly kernel: Kernel;
  readonly state: StateDirectory;
  /** What kernel settings were before the daemon changed them. */
  readonly ledger: SavedSysctls;
  readonly ipam: Ipam;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** What is put together of it. */
export interface Composition {
  readonly driver: Driver;
  readonly routers: VtyLines;
  readonly docker: DockerEngine;
}

interface Firewall {
  readonly uplinks: Uplinks;
  readonly acceptance: ForwardAcceptance;
  readonly policies: ForwardPolicies;
  readonly connections: Connections;
  readonly marks: ConnectionMarks;
  readonly filters: EndpointFilters;
}

function token<T>(name: string): InjectionToken<T> {
  return Symbol(name);
}

const OPENED = token<Opened>('what was opened');
const FIREWALL = token<Firewall>('firewall');
const DOCKER = token<DockerEngine>('docker');
const ROUTERS = token<VtyLines>('routers');
const DRIVER = token<Driver>('driver');

/** Puts the modules together; opens and starts nothing. */
export function compose(opened: Opened): Composition {
  const root = container.createChildContainer();
  const single = <T>(key: InjectionToken<T>, make: (scope: DependencyContainer) => T): void => {
    root.register(key, { useFactory: instanceCachingFactory(make) });
  };
  root.register(OPENED, { useValue: opened });
  single(FIREWALL, (scope) => firewallOf(scope.resolve(OPENED)));
  single(DOCKER, (scope) => createDockerEngine({ socketPath: scope.resolve(OPENED).options.dockerSocket }));
  single(ROUTERS, () => new VtyLines());
  single(DRIVER, (scope) => {
    const { kernel, settings, ...ports } = scope.resolve(OPENED);
    const engine = scope.resolve(DOCKER);
    const engineEvents: DockerEngine['events'] = (options) => engine.events(options);
    const docker = {
      docker: engine.containers,
      dockerNetworks: engine.networks,
      engineEvents,
      isEngineUp: () => engine.isUp(),
    };
    const others = { ...docker, routers: scope.resolve(ROUTERS), openSandbox };
    return createDriver({ ...ports, ...kernel, ...scope.resolve(FIREWALL), ...others }, settings);
  });
  return { driver: root.resolve(DRIVER), routers: root.resolve(ROUTERS), docker: root.resolve(DOCKER) };
}

function firewallOf({ options, kernel: { rtnl, nfnetlink, tracking, events } }: Opened): Firewall {
  const uplinks = new Uplinks({ rtnl }, options.uplinks);
  const watch = events.ruleset;
  const namesNow = async (): Promise<string[]> => uplinks.namesOf(await rtnl.links.list());
  return {
    uplinks,
    acceptance: createForwardAcceptance(
      { run: runCommand, uplinks: namesNow, watch },
      { linkPrefix: HOST_LINK_PREFIX },
    ),
    policies: createForwardPolicies({ run: runCommand }),
    connections: createConnections({ nfnetlink: tracking }),
    marks: createConnectionMarks({ run: runCommand, watch }, { table: MARK_TABLE, linkPrefix: HOST_LINK_PREFIX }),
    filters: createEndpointFilters(
      { nfnetlink, run: runCommand, uplinks: namesNow, watch },
      { table: FILTER_TABLE, linkPrefix: HOST_LINK_PREFIX, logGroup: LOG_GROUP },
    ),
  };
}
