/**
 * netfilter's netlink family: batches, dumps and notifications, for libraries that know what the messages mean.
 *
 * @packageDocumentation
 */
import { type Check, object, optional, whole } from './check/check.ts';
import { BUFFER_BYTES, NETNS, requireOptions } from './check/options.ts';
import { inNetns } from './netns/in-netns.ts';
import { useNetnsFd } from './rtnl/netns-fd.ts';
import { KernelNfnetlink } from './nfnetlink/kernel-nfnetlink.ts';
import { KernelNfnetlinkPort } from './nfnetlink/kernel-nfnetlink-port.ts';
import { KernelNetlinkMonitor } from './netlink/kernel-netlink-monitor.ts';
import { NetlinkSocket } from './socket/netlink-socket.ts';
import { alwaysAway } from './socket/pace.ts';
import { openNetfilterSocket } from './socket/open-socket.ts';
import { setReceiveBuffer, setSendBuffer } from './socket/socket-options.ts';
import { loadSys } from './sys/sys-koffi.ts';
import type { Sys } from './sys/sys.ts';
import type { Netns } from './types/netns.ts';
import type {
  Nfnetlink,
  NfnetlinkMonitor,
  NfnetlinkOptions,
  NfnetlinkPort,
  NfnetlinkPortOptions,
} from './nfnetlink/contract.ts';

export { isNetlinkError, isNetnsError, NetlinkError, NetnsError } from './errors.ts';
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
export { align, MessageWriter } from './codec/writer.ts';
export type { Purpose } from './socket/channel.ts';
export type {
  Nfnetlink,
  NfnetlinkMonitor,
  NfnetlinkMonitorEvents,
  NfnetlinkOptions,
  NfnetlinkPort,
  NfnetlinkPortEvents,
  NfnetlinkPortOptions,
} from './nfnetlink/contract.ts';
export {
  NFGENMSG_LENGTH,
  NFNL_SUBSYS_CTNETLINK,
  NFNL_SUBSYS_NFTABLES,
  NFNL_SUBSYS_QUEUE,
  NFNLGRP_NFTABLES,
} from './uapi/nfnetlink.ts';

const NFNETLINK_OPTIONS: Check<NfnetlinkOptions> = object<NfnetlinkOptions>({ netns: optional(NETNS) });
const NFNETLINK_GROUP: Check<number> = whole(1, 32);
const PORT_OPTIONS: Check<NfnetlinkPortOptions> = object<NfnetlinkPortOptions>({
  netns: optional(NETNS),
  receiveBufferBytes: optional(BUFFER_BYTES),
});

/** A transaction is one datagram: room for some hundred thousand set elements. */
const SEND_BUFFER_BYTES = 32 * 1024 * 1024;
/** A flush of a big firewall is one notification per rule. */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;

/**
 * Opens a connection to netfilter.
 *
 * @throws {@link NetnsError} `INVALID_ARGUMENT`, `UNSUPPORTED_PLATFORM`, `NOT_PERMITTED`; `FAILED` on a kernel without
 * nfnetlink
 */
export async function openNfnetlink(options: NfnetlinkOptions = {}): Promise<Nfnetlink> {
  requireOptions(NFNETLINK_OPTIONS, options, 'nfnetlink');
  const sys = await loadSys();
  const fd = await openIn(sys, options.netns, 'nfnetlink.open', () => openNetfilterSocket(sys));
  setSendBuffer(sys, fd, SEND_BUFFER_BYTES);
  setReceiveBuffer(sys, fd, RECEIVE_BUFFER_BYTES);
  // What its requests wait for says nothing of RTNL.
  return new KernelNfnetlink(new NetlinkSocket(sys, fd, undefined, alwaysAway()));
}

/**
 * Reports what netfilter says to one multicast group, from now on.
 *
 * @param group - 1 to 32, such as {@link NFNLGRP_NFTABLES}
 * @throws {@link NetnsError} as {@link openNfnetlink}
 * Source: linux uapi nfnetlink.h `enum nfnetlink_groups`.
 */
export async function openNfnetlinkMonitor(group: number, options: NfnetlinkOptions = {}): Promise<NfnetlinkMonitor> {
  requireOptions(NFNETLINK_GROUP, group, 'nfnetlink group');
  requireOptions(NFNETLINK_OPTIONS, options, 'nfnetlink');
  const sys = await loadSys();
  const open = (): number => openNetfilterSocket(sys, (1 << (group - 1)) >>> 0);
  const fd = await openIn(sys, options.netns, 'nfnetlink.monitor', open);
  setReceiveBuffer(sys, fd, RECEIVE_BUFFER_BYTES);
  return new KernelNetlinkMonitor(sys, fd, 'nfnetlink.receive');
}

/**
 * Opens a socket for what the kernel hands to one socket alone, such as the packets of a queue.
 *
 * @throws {@link NetnsError} as {@link openNfnetlink}
 */
export async function openNfnetlinkPort(options: NfnetlinkPortOptions = {}): Promise<NfnetlinkPort> {
  requireOptions(PORT_OPTIONS, options, 'nfnetlink port');
  const sys = await loadSys();
  const fd = await openIn(sys, options.netns, 'nfnetlink.port', () => openNetfilterSocket(sys));
  setReceiveBuffer(sys, fd, options.receiveBufferBytes ?? RECEIVE_BUFFER_BYTES);
  return new KernelNfnetlinkPort(sys, fd);
}

function openIn(sys: Sys, netns: Netns | undefined, operation: string, open: () => number): Promise<number> {
  return useNetnsFd(netns, { operation, subject: '' }, (netnsFd) =>
    Promise.resolve(netnsFd === undefined ? open() : inNetns<number>(sys, netnsFd, open)),
  );
}
