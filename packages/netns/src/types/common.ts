import type { NetlinkError } from '../errors.ts';

export type { Family } from '@routed/addresses';

/** How far a destination or address reaches. Source: linux uapi rtnetlink.h `enum rt_scope_t`. */
export type RouteScope = 'universe' | 'site' | 'link' | 'host' | 'nowhere';

/** Outcome for one item of a batch. */
export interface BatchResult<Spec> {
  readonly spec: Spec;
  /** Absent: it was done. */
  readonly error?: NetlinkError;
}

/** What a list found. */
export interface Listed<T> extends Array<T> {
  /**
   * Present when the table changed during every one of ten attempts: these are the rows of the last. What came or went
   * meanwhile may be in it or not; kernels before 6.9 may also have passed over a link that was there all the time.
   * Source: linux uapi netlink.h `NLM_F_DUMP_INTR`.
   */
  isInterrupted?: true;
}

/** Something the kernel reports that this library cannot name. */
export interface UnknownField {
  /** Name in the kernel (`RTA_ENCAP`, `rtm_scope`), or `attribute 99`. */
  readonly name: string;
  /** Its bytes in hexadecimal, in the byte order of the message. */
  readonly hex: string;
}

/** What attributes said: nothing is left out, and the kernel need not send what it asks for. */
export type Decoded<T> = Partial<T> & { readonly unknown?: readonly UnknownField[] };

/**
 * An identifier of 64 bits: a number, or beyond 9007199254740991, up to which numbers are exact, its digits as text. So an
 * object that has one can be written as JSON.
 */
export type Id64 = number | string;
