import { type IpBytes, formatIp } from '@routed/addresses';

import { MessageWriter } from '../codec/writer.ts';
import type { Family } from '../types/common.ts';
import { CTA, CTA_FILTER_FLAGS, CTA_FILTER_IP, IPCTNL_MSG_CT } from '../uapi/conntrack.ts';
import { NFNL_SUBSYS_CTNETLINK } from '../uapi/nfnetlink.ts';
import { familyNumber } from '../message/tables.ts';
import { NLA_F_NESTED } from '../uapi/netlink.ts';
import { encodeAddresses, encodeIdentity } from './connection.ts';
import type { Connection, Direction } from './types.ts';

/** The family of a request to delete counts from this version on. Source: linux nf_conntrack_netlink.c `ctnetlink_del_conntrack`. */
const VERSION_WITH_FAMILY = 1;
const AF_UNSPEC = 0;

/** An IPv4 address that one direction of a connection comes from or goes to. */
export interface AddressMatch {
  readonly address: IpBytes;
  readonly direction: Direction;
  readonly end: 'source' | 'destination';
}

/** What the kernel itself looks for in a dump, and in a request to forget. */
export interface KernelFilter {
  readonly family?: Family;
  /**
   * Kernels before 5.8 pass it over in a dump; those before 6.8 take it for an incomplete connection in a request to
   * forget, and answer EINVAL.
   *
   * IPv4 only: of IPv6, the kernel gives those that have any other address. Source: linux nf_conntrack_netlink.c
   * `ctnetlink_filter_match_tuple`, which takes `ipv6_addr_cmp` for a test of equality (seen on 6.18).
   */
  readonly match?: AddressMatch;
  readonly mark?: { readonly value: number; readonly mask: number };
}

/** Asks for the connections of the namespace. */
export function buildConnectionDump(filter: KernelFilter = {}): Uint8Array {
  return filtered(IPCTNL_MSG_CT.GET, filter);
}

/** Forgets all connections that a filter describes. */
export function buildConnectionFlush(filter: KernelFilter = {}): Uint8Array {
  return filtered(IPCTNL_MSG_CT.DELETE, filter);
}

/** Forgets one connection, if it is still the same. */
export function buildConnectionDelete(connection: Connection): Uint8Array {
  return identified(IPCTNL_MSG_CT.DELETE, connection).finish();
}

/**
 * Sets bits of the mark of one connection; the others stay.
 *
 * Source: linux nf_conntrack_netlink.c `ctnetlink_change_mark`, which takes both in network byte order.
 */
export function buildConnectionMark(connection: Connection, mark: number, mask: number): Uint8Array {
  const writer = identified(IPCTNL_MSG_CT.NEW, connection);
  return writer.attribute(CTA.MARK, be32(mark)).attribute(CTA.MARK_MASK, be32(mask)).finish();
}

/** Asks for the counters of the namespace. */
export function buildStatisticsGet(): Uint8Array {
  return header(IPCTNL_MSG_CT.GET_STATS, AF_UNSPEC).finish();
}

function identified(type: number, connection: Connection): MessageWriter {
  return header(type, familyNumber(connection.family)).bytes(encodeIdentity(connection));
}

function filtered(type: number, { family, match, mark }: KernelFilter): Uint8Array {
  const writer = header(type, family === undefined ? AF_UNSPEC : familyNumber(family));
  if (match !== undefined) {
    const { address, direction, end } = match;
    writer.bytes(encodeAddresses(direction, { [end]: formatIp(address.bytes) }));
    writer.nest(CTA.FILTER | NLA_F_NESTED, () => {
      writer.attributeU32(CTA_FILTER_FLAGS[direction], CTA_FILTER_IP[end]);
    });
  }
  if (mark !== undefined) writer.attribute(CTA.MARK, be32(mark.value)).attribute(CTA.MARK_MASK, be32(mark.mask));
  return writer.finish();
}

function header(type: number, family: number): MessageWriter {
  return new MessageWriter((NFNL_SUBSYS_CTNETLINK << 8) | type, 0).u8(family).u8(VERSION_WITH_FAMILY).u16(0);
}

function be32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}
