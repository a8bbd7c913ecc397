export { hostPrefix, isLinkLocalIpv6 } from '@routed/addresses';
export { announcementRules, applyAnnouncementRules, blockRules } from './announcement/announcement-rules.ts';
export { PREVIOUS_TABLE, type PreviousHolder } from './announcement/previous-holder.ts';
export { type Separation, UnannouncedTraffic } from './announcement/unannounced-traffic.ts';
export { type Leftover, Leftovers } from './cleanup/leftovers.ts';
export { EndpointFiltering } from './endpoint/endpoint-filtering.ts';
export { DNS_QUEUE, NamedDestinations, type NamesStatus, type OpenedByName } from './endpoint/named-destinations.ts';
export { EndpointLinks } from './endpoint/endpoint-links.ts';
export {
  type DesiredEndpoint,
  type LinkAttributes,
  hostPrefixes,
  joinReply,
  planEndpoint,
} from './endpoint/endpoint-plan.ts';
export { HostLinks } from './endpoint/host-links.ts';
export { LinkReaper } from './endpoint/link-reaper.ts';
export {
  type ActualState,
  type EndpointRepair,
  type LinkDeletion,
  type Repair,
  type RepairAction,
  planRepairs,
  raisesLink,
} from './endpoint/repair-plan.ts';
export type { LimitChange } from './limits/limit-changes.ts';
export { type LimitCount, type LimitPlace, LinkLimits } from './limits/link-limits.ts';
export {
  type Direction,
  DIRECTIONS,
  LARGEST_RATE_BITS_PER_SEC,
  type RateLimit,
  shapeOf,
  smallestBurst,
} from './limits/rate-limit.ts';
export { isAllowedToRoute } from './host/capabilities.ts';
export { BlockRoutes } from './host/block-routes.ts';
export { Gateways } from './host/gateways.ts';
export { type AddressHolder, HostAddresses, protocolName } from './host/host-addresses.ts';
export { routeTo } from './host/route-to.ts';
export { HOST_FILES, type HostFile, statements } from './host/host-files.ts';
export { hostResolvers } from './host/host-resolvers.ts';
export { HostNetworkSetup } from './host/host-network-setup.ts';
export {
  DAEMON_SETTINGS,
  DOCTOR_SETTINGS,
  type HostSetting,
  OPERATOR_SETTINGS,
  settingOf,
} from './host/host-settings.ts';
export { KernelSettings } from './host/kernel-settings.ts';
export { type Propagation, propagationOf } from './host/mounts.ts';
export { type SavedSysctls, fileSavedSysctls } from './host/saved-sysctls.ts';
export { absentUplinks } from './host/absent-uplinks.ts';
export { ETHERNET_MTU_BYTES, findUplink } from './host/uplink-mtu.ts';
export { UplinkWatch } from './host/uplink-watch.ts';
export { shareLinks } from './host/shared-links.ts';
export { Uplinks, isDefault } from './host/uplinks.ts';
export {
  BLOCK_PROTOCOL,
  CONTAINER_LINK_PREFIX,
  DELETE_GROUP,
  HOST_LINK_PREFIX,
  LINK_GROUP,
  MAIN_TABLE,
  ROUTE_PROTOCOL,
  UNANNOUNCED_TABLE,
  containerMac,
  digitsOfLink,
  endpointOfAlias,
  endpointOfLimitAlias,
  isAsWeMadeIt,
  isHostLinkOf,
  linkDigits,
  limitLinkNames,
  linkNames,
} from './names/kernel-names.ts';
export { PeerNamespaceIndex } from './sandbox/peer-namespace-index.ts';
export { reconcileSandbox } from './sandbox/reconcile-sandbox.ts';
export type { SandboxEndpoint } from './sandbox/sandbox-plan.ts';
export { type OpenSandbox, type SandboxView, hasSandbox, openSandbox } from './sandbox/sandbox-view.ts';
export { DatapathError, type DatapathErrorCode, isDatapathError } from './ground/errors.ts';
export type { Logger } from './ground/logger.ts';
export { allAddresses, isUntracked, listInForce, type Spoofing } from './endpoint/kernel-endpoint.ts';
export { isVirtualGateway, VIRTUAL_GATEWAY_PREFIX } from './names/virtual-gateways.ts';
export type { KernelAddress, KernelEndpoint } from './endpoint/kernel-endpoint.ts';
