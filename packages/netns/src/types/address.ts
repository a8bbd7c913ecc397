import type { BatchResult, Family, Listed, RouteScope, UnknownField } from './common.ts';

/** An address of a link as the kernel reports it. Source: linux uapi if_addr.h. */
export interface Address {
  readonly linkIndex: number;
  readonly family: Family;
  /** With prefix length, in canonical text: `10.0.0.7/32`, `fd00::7/128`. */
  readonly address: string;
  /** Far address of a point-to-point link, when it differs from the own one; without prefix length. */
  readonly peer?: string;
  readonly scope: RouteScope;
  readonly label?: string;
  /** Does not expire. */
  readonly isPermanent: boolean;
  /** Duplicate detection is still running (IPv6). */
  readonly isTentative: boolean;
  /** Duplicate detection found another holder: the address is not in use (IPv6). */
  readonly isDuplicate: boolean;
  readonly isDeprecated: boolean;
  /** There is another of the same prefix, which comes first (IPv4). */
  readonly isSecondary: boolean;
  /** Privacy address that is replaced by another from time to time (IPv6, RFC 8981). */
  readonly isTemporary?: boolean;
  /** In use although duplicate detection is still running (IPv6, RFC 4429). */
  readonly isOptimistic?: boolean;
  /** Its last half was made from a secret (IPv6, RFC 7217). */
  readonly isStablePrivacy?: boolean;
  /** The kernel makes temporary addresses of its prefix (IPv6). */
  readonly managesTemporary?: boolean;
  /** For how long it is chosen as a source, counted from the report; absent: for ever. */
  readonly preferredSec?: number;
  /** For how long it is there, counted from the report; absent: for ever. */
  readonly validSec?: number;
  readonly broadcast?: string;
  /** Metric of the route for its prefix. */
  readonly routeMetric?: number;
  readonly skipsDuplicateDetection: boolean;
  readonly hasNoPrefixRoute: boolean;
  /** `IFA_PROTO`, who put it there; kernel 5.18. */
  readonly protocol?: number;
  /** What this library cannot name. */
  readonly unknown?: readonly UnknownField[];
}

/** An address to put on a link. */
export interface AddressSpec {
  readonly linkIndex: number;
  /** CIDR; without prefix length it means /32 or /128. */
  readonly address: string;
  /** Default: `host` for 127.0.0.0/8, else `universe`. The kernel derives the scope of IPv6 addresses itself. */
  readonly scope?: RouteScope;
  /** IPv6: usable at once, without waiting a second or more for duplicate detection (`IFA_F_NODAD`). */
  readonly skipDuplicateDetection?: boolean;
  /**
   * Never chosen as the source of what names none, but usable where it is named: a preferred lifetime of 0 s, valid
   * for ever. Source: RFC 4862 section 5.5.4, RFC 6724 section 5 rule 3.
   */
  readonly isDeprecated?: boolean;
  /** No on-link route for the prefix (`IFA_F_NOPREFIXROUTE`). */
  readonly noPrefixRoute?: boolean;
  /** `IFA_PROTO`, 1 to 255; ignored by kernels before 5.18. */
  readonly protocol?: number;
  /** Far address of a point-to-point link; the prefix length then belongs to it. */
  readonly peer?: string;
  /** When it goes by itself, 1 to 4294967294 from now; absent: never. */
  readonly validSec?: number;
  /**
   * For how long it is chosen as a source, 0 to {@link AddressSpec.validSec}. Not beside {@link AddressSpec.isDeprecated}.
   * @defaultValue as long as it is there
   */
  readonly preferredSec?: number;
  /** IPv4; the kernel sets none by itself. */
  readonly broadcast?: string;
  /** IPv4: the name of the link, alone or followed by a colon and more. @defaultValue the name of the link */
  readonly label?: string;
  /** Metric of the route for its prefix. Kernel 4.18. */
  readonly routeMetric?: number;
  /** The kernel makes temporary addresses of its prefix (IPv6). */
  readonly managesTemporary?: boolean;
}

/** Narrows {@link Addresses.list}; the kernel does the filtering. */
export interface AddressFilter {
  readonly linkIndex?: number;
  readonly family?: Family;
}

/** The addresses of one namespace. Every method rejects with {@link NetlinkError}. */
export interface Addresses {
  /** @throws {@link NetlinkError} `EEXIST`, `ENODEV`; `EACCES` for IPv6 where it is disabled by sysctl. */
  add(spec: AddressSpec): Promise<void>;
  /** Adds, or changes flags and scope of the address that is there; twice the same does nothing. */
  replace(spec: AddressSpec): Promise<void>;
  /** `false`: the link has no such address (with that prefix length), or there is no such link. */
  delete(spec: { readonly linkIndex: number; readonly address: string }): Promise<boolean>;
  /** Empty for a link that does not exist. */
  list(filter?: AddressFilter): Promise<Listed<Address>>;
  /**
   * Adds many in few system calls; one that fails does not stop the rest.
   *
   * One result per item, in the order given; the promise itself rejects only when the socket fails.
   */
  addMany(specs: readonly AddressSpec[]): Promise<readonly BatchResult<AddressSpec>[]>;
}
