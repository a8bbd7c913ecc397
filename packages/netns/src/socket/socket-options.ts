import { isLittleEndian } from '../codec/writer.ts';
import { AF_NETLINK } from '../uapi/netlink.ts';

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
