import type { RouteFlags } from '../types/route.ts';
import { RTNH_F_DEAD, RTNH_F_LINKDOWN, RTNH_F_OFFLOAD, RTNH_F_ONLINK } from '../uapi/rtnetlink.ts';

const STATE_BITS = RTNH_F_DEAD | RTNH_F_LINKDOWN | RTNH_F_ONLINK | RTNH_F_OFFLOAD;
/** Those of most routes; one object for all of them. */
const NONE: RouteFlags = Object.freeze({ isDead: false, isLinkDown: false, isOnLink: false, isOffloaded: false });

/** State bits of a route or next hop. */
export function decodeFlags(flags: number): RouteFlags {
  if ((flags & STATE_BITS) === 0) return NONE;
  return {
    isDead: (flags & RTNH_F_DEAD) !== 0,
    isLinkDown: (flags & RTNH_F_LINKDOWN) !== 0,
    isOnLink: (flags & RTNH_F_ONLINK) !== 0,
    isOffloaded: (flags & RTNH_F_OFFLOAD) !== 0,
  };
}
