import { type Family, parseIp } from '@routed/addresses';

import { isLittleEndian } from '../codec/writer.ts';
import { NetlinkError } from '../errors.ts';
import { invalid } from '../message/validate.ts';
import { inNetns } from '../netns/in-netns.ts';
import { useNetnsFd } from '../rtnl/netns-fd.ts';
import type { Purpose } from '../socket/channel.ts';
import { intOption } from '../socket/socket-options.ts';
import { errnoName, errnoText } from '../sys/errno.ts';
import { loadRareCalls } from '../sys/rare-calls.ts';
import { loadSys } from '../sys/sys-koffi.ts';
import type { Sys } from '../sys/sys.ts';
import type { Netns } from '../types/netns.ts';
import {
  IP_MTU_DISCOVER,
  IP_PMTUDISC_DO,
  IP_RECVERR,
  IPPROTO_ICMP,
  IPPROTO_ICMPV6,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_MTU_DISCOVER,
  IPV6_RECVERR,
} from '../uapi/icmp.ts';
import { SOCK_RAW_CLOEXEC } from '../uapi/netlink.ts';
import { AF_INET, AF_INET6 } from '../uapi/rtnetlink.ts';
import { KernelEchoSocket } from './echo-socket.ts';
import type { EchoSocket } from './types.ts';

/** Opens a raw socket in a namespace and connects it to an address. */
export async function openEchoIn(netns: Netns | undefined, address: string): Promise<EchoSocket> {
  const purpose: Purpose = { operation: 'icmp.open', subject: address };
  const ip = parseIp(address);
  if (ip === undefined) throw invalid(purpose, 'address', 'not an IP address');
  const { family, bytes } = ip;
  const [sys, rare] = [await loadSys(), await loadRareCalls()];
  const fd = await useNetnsFd(netns, purpose, (netnsFd) =>
    Promise.resolve(
      netnsFd === undefined ? openRaw(sys, family) : inNetns<number>(sys, netnsFd, () => openRaw(sys, family)),
    ),
  );
  const result = fd < 0 ? fd : connect();
  if (result < 0) {
    if (fd >= 0) sys.close(fd);
    throw failure(purpose, -result);
  }
  return new KernelEchoSocket({ sys, rare }, fd, { family, purpose });

  function connect(): number {
    for (const [level, option, value] of OPTIONS[family]) {
      const set = sys.setsockopt(fd, level, option, intOption(value));
      if (set < 0) return set;
    }
    return rare.connect(fd, socketAddress(family, bytes));
  }
}

const OPTIONS = {
  4: [
    [IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO],
    [IPPROTO_IP, IP_RECVERR, 1],
  ],
  6: [
    [IPPROTO_IPV6, IPV6_MTU_DISCOVER, IP_PMTUDISC_DO],
    [IPPROTO_IPV6, IPV6_RECVERR, 1],
  ],
} as const;

function openRaw(sys: Sys, family: Family): number {
  const [domain, protocol] = family === 4 ? [AF_INET, IPPROTO_ICMP] : [AF_INET6, IPPROTO_ICMPV6];
  return sys.socket(domain, SOCK_RAW_CLOEXEC, protocol);
}

/** A `struct sockaddr_in` or `sockaddr_in6`. */
function socketAddress(family: Family, address: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(family === 4 ? 16 : 28);
  new DataView(bytes.buffer).setUint16(0, family === 4 ? AF_INET : AF_INET6, isLittleEndian);
  bytes.set(address, family === 4 ? 4 : 8);
  return bytes;
}

const REASONS: Readonly<Record<string, string>> = {
  EPERM: 'a raw socket needs CAP_NET_RAW',
  ENETUNREACH: 'there is no route',
  EHOSTUNREACH: 'there is no route',
  EACCES: 'the route prohibits it, or it is a broadcast address',
  EINVAL: 'the route is a blackhole',
  EAFNOSUPPORT: 'the kernel has no IPv6',
};

function failure(purpose: Purpose, errno: number): NetlinkError {
  const code = errnoName(errno);
  return new NetlinkError({ code, errno, ...purpose, reason: REASONS[code] ?? errnoText(errno) });
}
