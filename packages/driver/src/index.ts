export { ipamCapabilities, networkCapabilities } from './calls/capabilities.ts';
export { type DefaultGateways, VIRTUAL_GATEWAYS } from './calls/default-gateways.ts';
export { AddressList, type ListedAddress } from './containers/address-list.ts';
export { type AddressChange, ContainerAddresses } from './containers/container-addresses.ts';
export { ContainerFilters, type IngressStatus } from './containers/container-filters.ts';
export { type Endpoint } from './endpoints/endpoint.ts';
export { Journal, type JournalEntry } from './ground/journal.ts';
export { optionsOf } from './networks/options.ts';
export { parseEndpointOptions, parseNetworkOptions } from './networks/parse-options.ts';
export { type AddressRecord } from './reports/address-record.ts';
export { DaemonKnowledge } from './reports/daemon-knowledge.ts';
export { type DaemonReport, DaemonStatus, type EndpointStatus, type NetworkStatus } from './reports/daemon-status.ts';
export { forgetContainers } from './state/forget-containers.ts';
export { type StateDirectory, openStateDirectory } from './state/state-directory.ts';
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
