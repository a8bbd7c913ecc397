export { isNetlinkError, isNetnsError, NetlinkError, NetnsError } from './errors.ts';
export type { NetlinkErrorInit, NetnsErrorCode } from './errors.ts';
export { diff, type Difference } from './diff.ts';
export { follow } from './follow.ts';
export { openMonitor } from './monitor.ts';
export { createNamedNetns, deleteNamedNetns, listNamedNetns } from './named-netns.ts';
export { openNetns } from './netns.ts';
export { openRtnl } from './rtnl.ts';
export type { Address, Addresses, AddressFilter, AddressSpec } from './types/address.ts';
export type { BatchResult, Decoded, Family, Id64, Listed, RouteScope, UnknownField } from './types/common.ts';
export type { FollowEvent, FollowFilters, FollowOptions, Followed, FollowedRows } from './types/follow.ts';
export type {
  Ipv4LinkConf,
  Ipv6AddressGeneration,
  Link,
  LinkChange,
  LinkFilter,
  LinkSelector,
  LinkSpec,
  VethPeerSpec,
  VethSpec,
} from './types/link.ts';
export type {
  BridgeVlan,
  BridgeVlanTarget,
  BridgeVlans,
  ForwardingDatabase,
  ForwardingEntry,
  ForwardingFilter,
  ForwardingKey,
  ForwardingState,
  NewForwardingEntry,
  ReportedBridgeVlan,
} from './types/bridge.ts';
export type {
  IpEncapsulation,
  MplsEncapsulation,
  RouteEncapsulation,
  Seg6Encapsulation,
} from './types/encapsulation.ts';
export type { NamespaceIds } from './types/namespace-ids.ts';
export type { FunctionChange, FunctionVlan, VirtualFunction, VirtualFunctions } from './types/virtual-functions.ts';
export type {
  NewNextHop,
  NextHopFilter,
  NextHopMember,
  NextHopObject,
  NextHops,
  ResilientSettings,
} from './types/next-hop-object.ts';
export type { Links } from './types/links.ts';
export type { LinkDetails, LinkStatistics } from './types/link-details.ts';
export type {
  BondSettings,
  BridgePortSettings,
  BridgeSettings,
  Encapsulation,
  GreCommon,
  GreSettings,
  IpTunnelSettings,
  IpvlanSettings,
  LinkKinds,
  LinkSettings,
  MacvlanSettings,
  NetkitPeer,
  NetkitSettings,
  NewLink,
  NoSettings,
  PortKinds,
  ReportedKinds,
  PortSettings,
  PriorityMapping,
  ReportedSettings,
  VlanSettings,
  VrfSettings,
  TunSettings,
  VxlanSettings,
} from './types/link-kinds.ts';
export type {
  AddressEvent,
  Change,
  LinkEvent,
  Monitor,
  MonitorEvents,
  MonitorGroup,
  MonitorOptions,
  NeighbourEvent,
  NetconfEvent,
  RuleEvent,
  RouteEvent,
  TrafficControlEvent,
} from './types/monitor.ts';
export type { Neighbour, NeighbourFilter, Neighbours, NeighbourSpec, NeighbourState } from './types/neighbour.ts';
export type { NetnsHandle } from './types/handles.ts';
export type { Netns, NetnsReference } from './types/netns.ts';
export type {
  NewRoute,
  NextHop,
  NextHopSpec,
  Route,
  RouteFilter,
  RouteFlags,
  RouteQuery,
  Routes,
  RouteSpec,
  RouteType,
} from './types/route.ts';
export type { Limits, RareRequests, Rtnl, RtnlOptions, RtnlRequests } from './types/rtnl.ts';
export type { NumberRange, Rule, RuleAction, RuleFilter, RuleMatch, Rules, RuleSpec } from './types/rule.ts';
