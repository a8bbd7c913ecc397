export { ipamCapabilities, networkCapabilities } from './calls/capabilities.ts';
export { type DefaultGateways, VIRTUAL_GATEWAYS } from './calls/default-gateways.ts';
export { DockerLeases } from './calls/docker-leases.ts';
export { DockerPools } from './calls/docker-pools.ts';
export { ipamDriver } from './calls/ipam-driver.ts';
export { networkDriver } from './calls/network-driver.ts';
export { type ConflictComponents, createConflicts } from './conflicts/create-conflicts.ts';
export { AddressList, type ListedAddress } from './containers/address-list.ts';
export { AddressOwners } from './containers/address-owners.ts';
export { AssignmentKeeper } from './containers/assignment-keeper.ts';
export { type AddressChange, ContainerAddresses } from './containers/container-addresses.ts';
export { ContainerFilters, type IngressStatus } from './containers/container-filters.ts';
export { PersistentAssignments } from './containers/persistent-assignments.ts';
export { Absence } from './endpoints/absence.ts';
export { EndpointLifecycle } from './endpoints/endpoint-lifecycle.ts';
export { parseEndpointOptions } from './endpoints/endpoint-options.ts';
export { addressTexts, type Endpoint } from './endpoints/endpoint.ts';
export { Journal, type JournalEntry } from './ground/journal.ts';
export { KeyedLock } from './ground/keyed-lock.ts';
export { AdditionalLeases } from './leases/additional-leases.ts';
export { type ConflictCounters, conflictCounters } from './leases/conflict-counters.ts';
export { DuplicateAddressCheck } from './leases/duplicate-address-check.ts';
export { UnboundLeases } from './leases/unbound-leases.ts';
export { AdditionalPrefixes } from './networks/additional-prefixes.ts';
export { GatewayCheck } from './networks/gateway-check.ts';
export { isUnicastIpv4, mtuText, parseNetworkOptions } from './networks/network-options.ts';
export { NetworkRegistry } from './networks/network-registry.ts';
export { type AddressRecord, describeAddress } from './reports/address-record.ts';
export { DaemonKnowledge } from './reports/daemon-knowledge.ts';
export { type DaemonReport, DaemonStatus, type EndpointStatus, type NetworkStatus } from './reports/daemon-status.ts';
export { SandboxReconciler } from './sandboxes/sandbox-reconciler.ts';
export { SandboxWatch } from './sandboxes/sandbox-watch.ts';
export { forgetContainers } from './state/forget-containers.ts';
export { type StateDirectory, openStateDirectory } from './state/state-directory.ts';
export { DockerRemovals } from './upkeep/docker-removals.ts';
export { HiddenRoutes } from './upkeep/hidden-routes.ts';
export { KernelWatch } from './upkeep/kernel-watch.ts';
export { observeRules } from './upkeep/observed-rules.ts';
export { areRecordsOlder } from './upkeep/older-records.ts';
export { ReconcileLoop } from './upkeep/reconcile-loop.ts';
export { ReconcileReporter } from './upkeep/reconcile-reporter.ts';
export { Reconciler } from './upkeep/reconciler.ts';
export { Recovery } from './upkeep/recovery.ts';
export { StaleEndpoints } from './upkeep/stale-endpoints.ts';
export { StaleNetworks } from './upkeep/stale-networks.ts';
export { DriverError, type DriverErrorCode, isDriverError } from './ground/errors.ts';
export type { ReconcileMetrics } from './upkeep/reconcile-reporter.ts';
export { DAEMON_FACTS_PATH, type DaemonFacts, daemonFacts } from './reports/daemon-facts.ts';
export type { MeteredState } from './reports/metered-state.ts';
export type { Drivers } from './calls/drivers.ts';
export type { DriverPorts, DriverSettings } from './assemble.ts';
export {
  createDriver,
  type Driver,
  type KernelEventSources,
  type OperatorServices,
  type RecoverySource,
} from './create-driver.ts';
export { CleanupStack } from './ground/cleanup-stack.ts';
