/**
 * Netlink without a family in mind: requests, dumps, notifications, and attributes described by tables.
 *
 * @packageDocumentation
 */
import { requireOptions } from './check/options.ts';
import { NETLINK_MONITOR_OPTIONS, NETLINK_OPTIONS } from './netlink/options.ts';
import type { Netlink, NetlinkMonitor, NetlinkMonitorOptions, NetlinkOptions } from './netlink/contract.ts';
import { KernelNetlinkMonitor } from './netlink/kernel-netlink-monitor.ts';
import { KernelNetlink } from './netlink/kernel-netlink.ts';
import { inNetns } from './netns/in-netns.ts';
import { openNetns } from './netns.ts';
import { type NetnsWithFd, useNetnsFd } from './rtnl/netns-fd.ts';
import { checkNotAborted } from './socket/limit.ts';
import { openGroupsSocket } from './socket/open-socket.ts';
import { setReceiveBuffer } from './socket/socket-options.ts';
import { loadSys } from './sys/sys-koffi.ts';
import type { Netns } from './types/netns.ts';
import { NETLINK_GENERIC, NETLINK_ROUTE } from './uapi/netlink.ts';
import { NETLINK_NETFILTER } from './uapi/nfnetlink.ts';

export { isNetlinkError, isNetnsError, NetlinkError, NetnsError } from './errors.ts';
export {
  asNested,
  attributeSet,
  type AttributeFields,
  type AttributeSet,
  type AttributeSetOptions,
  type AttributeType,
} from './attributes/attribute-set.ts';
export {
  asBe16,
  asBe32,
  asBe64,
  asBits,
  asBoolean,
  asBytes,
  asCentiseconds,
  asFlag,
  asIp,
  asIpv4,
  asList,
  asMac,
  asMaskedBits,
  asRepeated,
  asText,
  asU16,
  asU32,
  asU64,
  asU8,
  asWhole64,
  asWord,
  type Bits,
  type Format,
  inRange,
  type ListOptions,
} from './attributes/format.ts';
export {
  type Attributes,
  attributeList,
  attributes,
  type NetlinkMessage,
  optional,
  text,
  u16,
  u32,
  u8,
} from './codec/reader.ts';
export { align, type AttributeEntry, encodeAttributes } from './codec/writer.ts';
export type {
  Netlink,
  NetlinkMonitor,
  NetlinkMonitorEvents,
  NetlinkMonitorOptions,
  NetlinkOptions,
  NetlinkProtocol,
  NetlinkRequest,
} from './netlink/contract.ts';
export {
  GENL_HDRLEN,
  genericCommand,
  genericFamilies,
  type GenericFamily,
  genericFamily,
  genericHeader,
} from './netlink/generic.ts';
export type { Decoded, UnknownField } from './types/common.ts';
export { NLM_F_CREATE, NLM_F_ECHO, NLM_F_EXCL, NLM_F_REPLACE } from './uapi/netlink.ts';

/** A notification of a change in a big table is some hundred bytes with the kernel's bookkeeping. */
const DEFAULT_RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;
const PROTOCOLS = { route: NETLINK_ROUTE, netfilter: NETLINK_NETFILTER, generic: NETLINK_GENERIC } as const;

/**
 * Opens a connection to a family of netlink.
 *
 * @throws {@link NetnsError} `INVALID_ARGUMENT`, `UNSUPPORTED_PLATFORM`, `NOT_PERMITTED`; `FAILED` on a kernel without that
 * family
 */
export async function openNetlink(options: NetlinkOptions): Promise<Netlink> {
  requireOptions(NETLINK_OPTIONS, options, 'netlink');
  const sys = await loadSys();
  const netlink = new KernelNetlink(sys, await reopen(options.netns), protocolNumber(options));
  try {
    await netlink.prepare();
    return netlink;
  } catch (error) {
    await netlink.close();
    throw error;
  }
}

/**
 * Reports what the kernel says to multicast groups, from now on.
 *
 * @throws {@link NetnsError} as {@link openNetlink}; `FAILED` also for a group that the family does not have
 */
export async function openNetlinkMonitor(options: NetlinkMonitorOptions): Promise<NetlinkMonitor> {
  requireOptions(NETLINK_MONITOR_OPTIONS, options, 'netlink monitor');
  const { groups, netns, receiveBufferBytes = DEFAULT_RECEIVE_BUFFER_BYTES, signal } = options;
  const sys = await loadSys();
  const open = (): number => openGroupsSocket(sys, protocolNumber(options), groups);
  const purpose = { operation: 'netlink.monitor', subject: `groups ${groups.join()}` };
  checkNotAborted(signal, purpose);
  const fd = await useNetnsFd(netns, purpose, (netnsFd) =>
    Promise.resolve(netnsFd === undefined ? open() : inNetns<number>(sys, netnsFd, open)),
  );
  setReceiveBuffer(sys, fd, receiveBufferBytes);
  const monitor = new KernelNetlinkMonitor(sys, fd, 'netlink.receive');
  return signal === undefined ? monitor : monitor.closeOn(signal);
}

function protocolNumber({ protocol }: NetlinkOptions): number {
  return typeof protocol === 'number' ? protocol : PROTOCOLS[protocol];
}

/** A handle of our own: the caller may close theirs. */
async function reopen(netns: Netns | undefined): Promise<NetnsWithFd> {
  const own = await useNetnsFd(netns, { operation: 'netlink.open', subject: '' }, (fd) =>
    openNetns(fd === undefined ? 'current' : { path: `/proc/self/fd/${fd}` }),
  );
  return own as NetnsWithFd;
}
