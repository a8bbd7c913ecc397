import type { Ipam } from '@routed/ipam';
import type { Connections, EndpointFilters, ForwardAcceptance, ForwardPolicies } from '@routed/netfilter';
import type { Netns, Rtnl } from '@routed/netns';
import type { AdminServices } from './admin/admin-app.ts';
import type { ClusterCounts } from './cluster/cluster-counts.ts';
import type { ConflictParts } from './cluster/conflict-parts.ts';
import type { AddressOwners } from './containers/address-owners.ts';
import type { StickyKeeper } from './containers/sticky-keeper.ts';
import type { DockerContainers } from './docker/docker-containers.ts';
import type { DefaultGateways } from './drivers/default-gateways.ts';
import type { Absence } from './endpoints/absence.ts';
import type { EndpointLifecycle } from './endpoints/endpoint-lifecycle.ts';
import type { LinkReaper } from './endpoints/link-reaper.ts';
import type { Gateways } from './host/gateways.ts';
import type { HostPreparation } from './host/host-preparation.ts';
import type { SettingsLedger } from './host/settings-ledger.ts';
import type { Uplinks } from './host/uplinks.ts';
import type { DockerLeases } from './leases/docker-leases.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics/metrics.ts';
import type { NetworkRegistry } from './networks/network-registry.ts';
import type { ForgottenNetworks } from './reconcile/forgotten-networks.ts';
import type { Forgotten } from './reconcile/forgotten.ts';
import type { HiddenRoutes } from './reconcile/hidden-routes.ts';
import type { StateKeeper } from './reconcile/state-keeper.ts';
import type { RouterLines } from './routers/router-lines.ts';
import type { SandboxConfigurator } from './sandbox/sandbox-configurator.ts';
import type { OpenSandbox } from './sandbox/sandbox-view.ts';
import type { SandboxWatch } from './sandbox/sandbox-watch.ts';
import type { Handlers } from './server/plugin-app.ts';
import type { StateDirectory } from './state/state-directory.ts';

/** What the daemon gets from outside: the kernel, the firewall, the stores. */
export interface Resources {
  readonly netns: Pick<Netns, 'readSysctl' | 'writeSysctl'>;
  readonly rtnl: Rtnl;
  readonly openSandbox: OpenSandbox;
  readonly acceptance: ForwardAcceptance;
  readonly policies: ForwardPolicies;
  readonly uplinks: Uplinks;
  readonly filters: EndpointFilters;
  readonly connections: Connections;
  readonly ipam: Ipam;
  readonly docker: DockerContainers;
  /** Whether Docker answers, and so has started. */
  readonly isEngineUp: () => Promise<boolean>;
  readonly routers: RouterLines;
  readonly metrics: Metrics;
  readonly state: Pick<StateDirectory, 'networks' | 'endpoints' | 'sticky' | 'owners'>;
  /** What kernel settings were before the daemon changed them. */
  readonly ledger: SettingsLedger;
  readonly logger: Logger;
}

/** The parts of the daemon that its start and stop have to do with. */
export interface Parts {
  readonly network: Handlers;
  readonly ipam: Handlers;
  readonly host: HostPreparation;
  readonly networks: NetworkRegistry;
  readonly gateways: Gateways;
  readonly leases: DockerLeases;
  readonly reaper: LinkReaper;
  readonly keeper: StateKeeper;
  readonly configurator: SandboxConfigurator;
  readonly sandboxes: SandboxWatch;
  readonly absence: Absence;
  readonly hidden: HiddenRoutes;
  readonly forgotten: Forgotten;
  readonly forgottenNetworks: ForgottenNetworks;
  readonly sticky: StickyKeeper;
  readonly owners: AddressOwners;
  readonly admin: AdminServices;
  readonly metrics: Metrics;
  readonly endpoints: EndpointLifecycle;
  readonly counts: ClusterCounts;
  readonly cluster: ConflictParts;
}

/** What the drivers are set to. */
export interface DriverSettings {
  readonly gateways: DefaultGateways;
  /** MTU of networks that name none, in bytes. */
  readonly mtuBytes: number;
  /** The uplink that the MTU was taken from; absent where the operator named one. */
  readonly mtuUplink?: string;
  /** The links that lead off the host, where the operator named them. */
  readonly uplinks?: readonly string[];
}
