import { type Check, among, listOf, object, optional, whole } from '../check/check.ts';
import { BUFFER_BYTES, NETNS, SIGNAL } from '../check/options.ts';
import type { NetlinkMonitorOptions, NetlinkOptions, NetlinkProtocol } from './contract.ts';

const protocol: Check<NetlinkProtocol> = (value, field) =>
  typeof value === 'number' ? whole(0, 31)(value, field) : among('route', 'netfilter', 'generic')(value, field);

export const NETLINK_OPTIONS: Check<NetlinkOptions> = object<NetlinkOptions>({ protocol, netns: optional(NETNS) });
export const NETLINK_MONITOR_OPTIONS: Check<NetlinkMonitorOptions> = object<NetlinkMonitorOptions>({
  protocol,
  netns: optional(NETNS),
  groups: listOf(whole(1, 0x7fff_ffff)),
  receiveBufferBytes: optional(BUFFER_BYTES),
  signal: optional(SIGNAL),
});
