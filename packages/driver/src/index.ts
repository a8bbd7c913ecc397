export { ipamCapabilities, networkCapabilities } from './calls/capabilities.ts';
export { type DefaultGateways, VIRTUAL_GATEWAYS } from './calls/default-gateways.ts';
export type { NetworkBlocks } from './blocks/network-blocks.ts';
export { AddressList } from './containers/address-list.ts';
export type { AddressChange } from './containers/address-change.ts';
export { ContainerAddresses } from './containers/container-addresses.ts';
export type { AnnouncementMetrics } from './announcement/announcement-metrics.ts';
export type {
  AnnouncementStatus,
  DrainReport,
  HandoverEndpoint,
  HandoverReport,
} from './announcement/announcement-replies.ts';
export { ContainerAnnouncements } from './announcement/container-announcements.ts';
export { ContainerFilters } from './containers/container-filters.ts';
export type { FilterStatus, FilterVerdict } from './containers/filter-status.ts';
export { ContainerLimits } from './containers/container-limits.ts';
export type { LimitReader, LimitRow } from './containers/limit-counts.ts';
export type { ListedAddress } from './containers/listed-address.ts';
export type { Endpoint } from './endpoints/endpoint.ts';
export { Journal } from './ground/journal.ts';
export type { Steps } from './ground/steps.ts';
export type { JournalEntry } from './ground/journal-entry.ts';
export { optionsOf } from './networks/options.ts';
export { parseEndpointOptions, parseNetworkOptions } from './networks/parse-options.ts';
export type { RefusedPacket } from './refused/refused-packet.ts';
export { RefusedPackets } from './refused/refused-packets.ts';
export type { AddressRecord } from './reports/address-record.ts';
// The schema is for those who ask the daemon: ./daemon-report.
export type { DaemonCounts, DaemonReport, NamesReport, DriverReport } from './reports/daemon-report.ts';
export { type FilteredPackets, FilteredPacketCount } from './reports/filtered-packets.ts';
export { DaemonStatus } from './reports/daemon-status.ts';
export { forgetContainers } from './state/forget-containers.ts';
export { type StateDirectory, openStateDirectory } from './state/state-directory.ts';
export { DriverError, type DriverErrorCode, isDriverError } from './ground/errors.ts';
export type { NetworkRemoval } from './upkeep/network-removal.ts';
export type { ReconcileMetrics } from './upkeep/reconcile-reporter.ts';
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
export { Phases } from './ground/phases.ts';
