export { isNetlinkError, isNetnsError, NetlinkError, NetnsError } from './errors.ts';
export type { NetlinkErrorInit, NetnsErrorCode } from './errors.ts';
export { openMonitor } from './monitor.ts';
export { openNetns } from './netns.ts';
export { openRtnl } from './rtnl.ts';
export type { Address, Addresses, AddressFilter, AddressSpec } from './types/address.ts';
export type { BatchResult, Family, Listed, RouteScope, UnknownField } from './types/common.ts';
export type {
  Ipv4LinkConf,
  Ipv6AddressGeneration,
  Link,
  LinkChange,
  LinkFilter,
  Links,
  LinkSelector,
  LinkSpec,
  VethPeerSpec,
  VethSpec,
} from './types/link.ts';
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
  RouteEvent,
} from './types/monitor.ts';
export type { Neighbour, NeighbourFilter, Neighbours, NeighbourSpec, NeighbourState } from './types/neighbour.ts';
export type { NetnsHandle } from './types/handles.ts';
export type { Netns, NetnsReference } from './types/netns.ts';
export type { NextHop, Route, RouteFilter, RouteFlags, Routes, RouteSpec, RouteType } from './types/route.ts';
export type { Rtnl, RtnlOptions, RtnlRequests } from './types/rtnl.ts';
export type { NumberRange, Rule, RuleAction, RuleFilter, RuleMatch, Rules, RuleSpec } from './types/rule.ts';
