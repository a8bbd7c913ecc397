import { NetnsError } from '../errors.ts';
import { errnoName } from '../sys/errno.ts';
import type { Sys } from '../sys/sys.ts';
import {
  AF_NETLINK,
  NETLINK_ADD_MEMBERSHIP,
  NETLINK_CAP_ACK,
  NETLINK_EXT_ACK,
  NETLINK_GET_STRICT_CHK,
  NETLINK_ROUTE,
  SO_RCVTIMEO,
  SOCK_RAW_CLOEXEC,
  SOL_NETLINK,
  SOL_SOCKET,
} from '../uapi/netlink.ts';
import { NETLINK_NETFILTER } from '../uapi/nfnetlink.ts';
import { intOption, netlinkAddress, secondsOption } from './socket-options.ts';

/** The kernel answers before `send` returns; a receive that waits this long is a fault, not a load. */
const ANSWER_TIMEOUT_SEC = 10;

/** Opens an rtnetlink socket in the namespace of the calling thread. Synchronous: it runs in the setns window. */
export function openRouteSocket(sys: Sys, groups = 0): number {
  return openSocket(sys, NETLINK_ROUTE, 'rtnetlink socket', groups);
}

/** As {@link openRouteSocket}, for nfnetlink. */
export function openNetfilterSocket(sys: Sys, groups = 0): number {
  return openSocket(sys, NETLINK_NETFILTER, 'nfnetlink socket', groups);
}

/** As {@link openRouteSocket}, for any protocol and for groups beyond the 32 that a mask has room for. */
export function openGroupsSocket(sys: Sys, protocol: number, groups: readonly number[] = []): number {
  const fd = openSocket(sys, protocol, `socket of netlink protocol ${protocol}`, 0);
  for (const group of groups) {
    const joined = sys.setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, intOption(group));
    if (joined >= 0) continue;
    sys.close(fd);
    throw new NetnsError('FAILED', `netlink group ${group}`, `joining it failed with ${errnoName(-joined)}`);
  }
  return fd;
}

function openSocket(sys: Sys, protocol: number, subject: string, groups: number): number {
  const fd = sys.socket(AF_NETLINK, SOCK_RAW_CLOEXEC, protocol);
  if (fd < 0) throw new NetnsError('FAILED', subject, `socket failed with ${errnoName(-fd)}`);
  const on = intOption(1);
  sys.setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, on);
  sys.setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, on);
  // Without it the kernel ignores dump filters; before 4.20 it is unknown and we filter ourselves as well.
  sys.setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, on);
  sys.setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, secondsOption(ANSWER_TIMEOUT_SEC));
  const bound = sys.bind(fd, netlinkAddress(groups));
  if (bound < 0) {
    sys.close(fd);
    throw new NetnsError('FAILED', subject, `bind failed with ${errnoName(-bound)}`);
  }
  return fd;
}
