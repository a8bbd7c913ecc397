import type { NetlinkError } from '../errors.ts';

/** IP version. */
export type Family = 4 | 6;

/** How far a destination or address reaches. Source: linux uapi rtnetlink.h `enum rt_scope_t`. */
export type RouteScope = 'universe' | 'site' | 'link' | 'host' | 'nowhere';

/** Outcome for one item of a batch. */
export interface BatchResult<Spec> {
  readonly spec: Spec;
  /** Absent: it was done. */
  readonly error?: NetlinkError;
}

/** Something the kernel reports that this library cannot name. */
export interface UnknownField {
  /** Name in the kernel (`RTA_ENCAP`, `rtm_scope`), or `attribute 99`. */
  readonly name: string;
  /** Its bytes in hexadecimal, in the byte order of the message. */
  readonly hex: string;
}
