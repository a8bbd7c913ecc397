import { isLittleEndian } from '../codec/writer.ts';
import type { Sys } from '../sys/sys.ts';
import { AF_NETLINK, SO_RCVBUF, SO_RCVBUFFORCE, SO_SNDBUF, SO_SNDBUFFORCE, SOL_SOCKET } from '../uapi/netlink.ts';

/** The forced size ignores net.core.rmem_max and needs CAP_NET_ADMIN; without it the kernel gives what it allows. */
export function setReceiveBuffer(sys: Sys, fd: number, bytes: number): void {
  const forced = sys.setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, intOption(bytes));
  if (forced < 0) sys.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, intOption(bytes));
}

/** As {@link setReceiveBuffer}, for what is sent; no memory is taken beforehand. */
export function setSendBuffer(sys: Sys, fd: number, bytes: number): void {
  const forced = sys.setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, intOption(bytes));
  if (forced < 0) sys.setsockopt(fd, SOL_SOCKET, SO_SNDBUF, intOption(bytes));
}

/** An `int` socket option value. */
export function intOption(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value, isLittleEndian);
  return bytes;
}

/** A `struct timeval` of whole seconds, 64-bit. */
export function secondsOption(seconds: number): Uint8Array {
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setBigInt64(0, BigInt(seconds), isLittleEndian);
  return bytes;
}

/** A `struct sockaddr_nl` that lets the kernel choose the port. `groups` is a bit mask. Source: linux uapi netlink.h. */
export function netlinkAddress(groups: number): Uint8Array {
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF_NETLINK, isLittleEndian);
  view.setUint32(8, groups, isLittleEndian);
  return bytes;
}
