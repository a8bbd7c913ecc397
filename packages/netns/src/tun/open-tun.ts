import { close, closeSync, constants, openSync } from 'node:fs';
import { promisify } from 'node:util';

import { text } from '../codec/reader.ts';
import { isLittleEndian } from '../codec/writer.ts';
import { NetlinkError, NetnsError } from '../errors.ts';
import { checkLinkName } from '../message/validate.ts';
import { inNetns } from '../netns/in-netns.ts';
import { useNetnsFd } from '../rtnl/netns-fd.ts';
import type { Purpose } from '../socket/channel.ts';
import { errnoName, errnoText } from '../sys/errno.ts';
import { type RareCalls, loadRareCalls } from '../sys/rare-calls.ts';
import { loadSys } from '../sys/sys-koffi.ts';
import type { Netns } from '../types/netns.ts';
import type { Tun, TunSpec } from './types.ts';

const closeAsync = promisify(close);
const DEVICE = '/dev/net/tun';
/** Source: linux uapi if_tun.h, on architectures whose ioctl numbers are the usual ones. */
const TUNSETIFF = 0x4004_54ca;
const TUNSETPERSIST = 0x4004_54cb;
const TUNSETOWNER = 0x4004_54cc;
const TUNSETGROUP = 0x4004_54ce;
const IFF = { tun: 0x1, tap: 0x2, multiQueue: 0x100, noPacketInformation: 0x1000 } as const;
/** `struct ifreq`: a name of 16 bytes, then what the request is about. */
const IFREQ_BYTES = 40;
const NAME_BYTES = 16;

/** Attaches a new descriptor to a link, which is made if there is none of that name. */
export async function openTunIn(netns: Netns | undefined, spec: TunSpec): Promise<Tun> {
  const { mode, name = `${mode}%d` } = spec;
  const purpose = { operation: 'tun.open', subject: name };
  checkLinkName(name, purpose);
  const sys = await loadSys();
  const calls = await loadRareCalls();
  const fd = await useNetnsFd(netns, purpose, (netnsFd) =>
    // The descriptor belongs to the namespace that it is opened in.
    Promise.resolve(netnsFd === undefined ? openDevice() : inNetns<number>(sys, netnsFd, openDevice)),
  );
  try {
    return new KernelTun(fd, await attach(calls, fd, { ...spec, name }, purpose));
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function openDevice(): number {
  try {
    return openSync(DEVICE, constants.O_RDWR | constants.O_NONBLOCK);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    const reason = `opening it failed with ${code}; the kernel needs CONFIG_TUN, a container the device`;
    throw new NetnsError(code === 'EACCES' || code === 'EPERM' ? 'NOT_PERMITTED' : 'FAILED', DEVICE, reason, error);
  }
}

/** @returns the name of the link */
async function attach(
  calls: RareCalls,
  fd: number,
  spec: TunSpec & { readonly name: string },
  purpose: Purpose,
): Promise<string> {
  const request = new Uint8Array(IFREQ_BYTES);
  request.set(Buffer.from(spec.name));
  const { mode, multiQueue = false, packetInformation = false, persistent, ownerId, groupId } = spec;
  const flags = IFF[mode] | (multiQueue ? IFF.multiQueue : 0) | (packetInformation ? 0 : IFF.noPacketInformation);
  new DataView(request.buffer).setUint16(NAME_BYTES, flags, isLittleEndian);
  check(await calls.ioctlAsync(fd, TUNSETIFF, request), purpose);
  for (const [number, value] of [
    [TUNSETOWNER, ownerId],
    [TUNSETGROUP, groupId],
    [TUNSETPERSIST, persistent === undefined ? undefined : Number(persistent)],
  ] as const) {
    if (value !== undefined) check(await calls.ioctlAsync(fd, number, value), purpose);
  }
  return text(request.subarray(0, NAME_BYTES));
}

function check(result: number, purpose: Purpose): void {
  if (result >= 0) return;
  const code = errnoName(-result);
  const reason = REASONS[code] ?? `ioctl failed: ${errnoText(-result)}`;
  throw new NetlinkError({ code, errno: -result, ...purpose, reason });
}

/** Source: linux drivers/net/tun.c `tun_set_iff`, `tun_attach`. */
const REASONS: Readonly<Record<string, string>> = {
  EBUSY: 'another program is attached to the link; with multiQueue, several can be',
  EINVAL: 'a link of that name is of another mode, or not a tun link',
  EPERM: 'making a link needs CAP_NET_ADMIN, attaching to it also being its owner',
};

class KernelTun implements Tun {
  readonly fd: number;
  readonly name: string;
  #closing: Promise<void> | undefined;

  /** Takes over `fd`. */
  constructor(fd: number, name: string) {
    this.fd = fd;
    this.name = name;
  }

  close(): Promise<void> {
    this.#closing ??= closeAsync(this.fd);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
