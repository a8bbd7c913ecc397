import { type Cidr, formatIp } from '@routed/addresses';
import { type Attributes, type NetlinkMessage, attributes, optional, text, u32, u8 } from '../codec/reader.ts';
import { MessageWriter } from '../codec/writer.ts';
import type { Purpose } from '../socket/channel.ts';
import type { Address, AddressFilter, AddressSpec } from '../types/address.ts';
import type { Family, RouteScope } from '../types/common.ts';
import {
  IFA,
  IFA_F_DADFAILED,
  IFA_F_DEPRECATED,
  IFA_F_MANAGETEMPADDR,
  IFA_F_NODAD,
  IFA_F_NOPREFIXROUTE,
  IFA_F_OPTIMISTIC,
  IFA_F_PERMANENT,
  IFA_F_SECONDARY,
  IFA_F_STABLE_PRIVACY,
  IFA_F_TENTATIVE,
} from '../uapi/if-addr.ts';
import { ROUTE_SCOPE, RTM } from '../uapi/rtnetlink.ts';
import { addressAttribute, familyNumber, familyOf, isNamedScope, scopeOf } from './tables.ts';
import { unknownAttributes, unknownNumber } from './unknown.ts';
import { INDEX, U8, checkRange, invalid, requireCidr, requireIp } from './validate.ts';

const IFADDRMSG_LENGTH = 8;
const FOR_EVER = 0xffff_ffff;

const DECODED: ReadonlySet<number> = new Set([
  IFA.ADDRESS,
  IFA.LOCAL,
  IFA.LABEL,
  IFA.BROADCAST,
  IFA.CACHEINFO,
  IFA.FLAGS,
  IFA.RT_PRIORITY,
  IFA.PROTO,
]);
const DECODED_FLAGS =
  IFA_F_SECONDARY |
  IFA_F_NODAD |
  IFA_F_OPTIMISTIC |
  IFA_F_DADFAILED |
  IFA_F_DEPRECATED |
  IFA_F_TENTATIVE |
  IFA_F_PERMANENT |
  IFA_F_MANAGETEMPADDR |
  IFA_F_NOPREFIXROUTE |
  IFA_F_STABLE_PRIVACY;

function startMessage(type: number, flags: number, cidr: Cidr, scope: number, linkIndex: number): MessageWriter {
  const writer = new MessageWriter(type, flags).u8(familyNumber(cidr.family)).u8(cidr.prefixLength);
  return writer.u8(0).u8(scope).u32(linkIndex);
}

/** RTM_NEWADDR. `flags` says whether an address that exists is an error. Source: linux uapi if_addr.h. */
export function buildAddressAdd(spec: AddressSpec, flags: number, purpose: Purpose): Uint8Array {
  const cidr = requireCidr(spec.address, purpose, 'address');
  const linkIndex = checkRange(spec.linkIndex, INDEX, purpose, 'linkIndex');
  const scope = ROUTE_SCOPE[spec.scope ?? defaultScope(cidr)];
  const writer = startMessage(RTM.NEWADDR, flags, cidr, scope, linkIndex);
  const bits =
    (spec.skipDuplicateDetection ? IFA_F_NODAD : 0) |
    (spec.noPrefixRoute ? IFA_F_NOPREFIXROUTE : 0) |
    (spec.managesTemporary ? IFA_F_MANAGETEMPADDR : 0);
  writer.attribute(IFA.LOCAL, cidr.bytes);
  if (bits !== 0) writer.attributeU32(IFA.FLAGS, bits);
  writer.attribute(IFA.ADDRESS, farAddress(spec, cidr, purpose));
  writeRest(writer, spec, cidr, purpose);
  if (spec.protocol !== undefined) writer.attributeU8(IFA.PROTO, checkRange(spec.protocol, U8, purpose, 'protocol'));
  return writer.finish();
}

/** What few addresses have. */
function writeRest(writer: MessageWriter, spec: AddressSpec, cidr: Cidr, purpose: Purpose): void {
  const { label, broadcast, routeMetric } = spec;
  writeLifetimes(writer, spec, purpose);
  if (cidr.family === 6 && (label ?? broadcast) !== undefined) {
    throw invalid(purpose, label === undefined ? 'broadcast' : 'label', 'addresses of IPv6 have none');
  }
  if (label !== undefined) writer.attributeString(IFA.LABEL, checkLabel(label, purpose));
  if (broadcast !== undefined) {
    const ip = requireIp(broadcast, purpose, 'broadcast');
    if (ip.family !== 4) throw invalid(purpose, 'broadcast', `"${broadcast}" is not an IPv4 address`);
    writer.attribute(IFA.BROADCAST, ip.bytes);
  }
  if (routeMetric !== undefined) writer.attributeU32(IFA.RT_PRIORITY, routeMetric);
}

/** `struct ifa_cacheinfo`. */
function writeLifetimes(writer: MessageWriter, spec: AddressSpec, purpose: Purpose): void {
  const { isDeprecated = false, validSec = FOR_EVER } = spec;
  if (isDeprecated && (spec.preferredSec ?? 0) > 0) {
    throw invalid(purpose, 'preferredSec', 'a deprecated address is preferred for 0 seconds');
  }
  const preferredSec = isDeprecated ? 0 : (spec.preferredSec ?? validSec);
  if (preferredSec > validSec) throw invalid(purpose, 'preferredSec', `${preferredSec} is longer than validSec`);
  if (validSec === FOR_EVER && preferredSec === FOR_EVER) return;
  writer.attribute(IFA.CACHEINFO, new Uint8Array(Uint32Array.of(preferredSec, validSec, 0, 0).buffer));
}

/** The kernel cuts a longer one off. Source: linux include/net/if.h `IFNAMSIZ`. */
function checkLabel(label: string, purpose: Purpose): string {
  const length = Buffer.byteLength(label);
  if (length < 1 || length > 15 || label.includes('\0')) {
    throw invalid(purpose, 'label', `"${label}" is not a label of 1 to 15 bytes`);
  }
  return label;
}

function defaultScope({ family, bytes }: Cidr): RouteScope {
  return family === 4 && bytes[0] === 127 ? 'host' : 'universe';
}

function farAddress({ peer }: AddressSpec, cidr: Cidr, purpose: Purpose): Uint8Array {
  if (peer === undefined) return cidr.bytes;
  const ip = requireIp(peer, purpose, 'peer');
  if (ip.family !== cidr.family) throw invalid(purpose, 'peer', `"${peer}" is not of the address's family`);
  return ip.bytes;
}

/** RTM_DELADDR. */
export function buildAddressDelete(spec: Pick<AddressSpec, 'linkIndex' | 'address'>, purpose: Purpose): Uint8Array {
  const cidr = requireCidr(spec.address, purpose, 'address');
  const linkIndex = checkRange(spec.linkIndex, INDEX, purpose, 'linkIndex');
  return startMessage(RTM.DELADDR, 0, cidr, 0, linkIndex).attribute(IFA.LOCAL, cidr.bytes).finish();
}

/** RTM_GETADDR for one family; strict checking makes the kernel filter by link. */
export function buildAddressDump(family: Family, filter: AddressFilter, purpose: Purpose): Uint8Array {
  const { linkIndex } = filter;
  const index = linkIndex === undefined ? 0 : checkRange(linkIndex, INDEX, purpose, 'linkIndex');
  return new MessageWriter(RTM.GETADDR, 0).u8(familyNumber(family)).u8(0).u8(0).u8(0).u32(index).finish();
}

/** Decodes RTM_NEWADDR and RTM_DELADDR; `undefined` for other families than IP. */
export function decodeAddress({ payload }: NetlinkMessage): Address | undefined {
  const found = attributes(payload, IFADDRMSG_LENGTH);
  const family = familyOf(u8(payload));
  const far = found.get(IFA.ADDRESS);
  // IPv6 sends IFA_LOCAL only when it differs from IFA_ADDRESS.
  const own = found.get(IFA.LOCAL) ?? far;
  if (family === undefined || own === undefined) return undefined;
  const flags = optional(found, IFA.FLAGS, u32) ?? u8(payload, 2);
  const has = (bit: number): boolean => (flags & bit) !== 0;
  const label = optional(found, IFA.LABEL, text);
  const protocol = optional(found, IFA.PROTO, u8);
  const address = formatIp(own);
  const peer = far === undefined ? address : formatIp(far);
  return {
    linkIndex: u32(payload, 4),
    family,
    address: `${address}/${u8(payload, 1)}`,
    scope: scopeOf(u8(payload, 3)),
    isPermanent: has(IFA_F_PERMANENT),
    isTentative: has(IFA_F_TENTATIVE),
    isDuplicate: has(IFA_F_DADFAILED),
    isDeprecated: has(IFA_F_DEPRECATED),
    isSecondary: family === 4 && has(IFA_F_SECONDARY),
    skipsDuplicateDetection: has(IFA_F_NODAD),
    hasNoPrefixRoute: has(IFA_F_NOPREFIXROUTE),
    ...(peer !== address && { peer }),
    ...(label !== undefined && { label }),
    ...(protocol !== undefined && { protocol }),
    ...(family === 6 && has(IFA_F_SECONDARY) && { isTemporary: true }),
    ...(has(IFA_F_OPTIMISTIC) && { isOptimistic: true }),
    ...(has(IFA_F_STABLE_PRIVACY) && { isStablePrivacy: true }),
    ...(has(IFA_F_MANAGETEMPADDR) && { managesTemporary: true }),
    ...decodeRest(payload, found, flags),
  };
}

type Rest = 'preferredSec' | 'validSec' | 'broadcast' | 'routeMetric' | 'unknown';

function decodeRest(payload: Uint8Array, found: Attributes, flags: number): Pick<Address, Rest> {
  const preferredSec = optional(found, IFA.CACHEINFO, u32) ?? FOR_EVER;
  const validSec = optional(found, IFA.CACHEINFO, (bytes) => u32(bytes, 4)) ?? FOR_EVER;
  const broadcast = optional(found, IFA.BROADCAST, formatIp);
  const routeMetric = optional(found, IFA.RT_PRIORITY, u32);
  const unknown = unknownAttributes(found, DECODED, addressAttribute);
  const otherFlags = (flags & ~DECODED_FLAGS) >>> 0;
  if (otherFlags !== 0) unknown.push(unknownNumber('ifa_flags', otherFlags));
  if (!isNamedScope(u8(payload, 3))) unknown.push(unknownNumber('ifa_scope', u8(payload, 3)));
  return {
    ...(preferredSec !== FOR_EVER && { preferredSec }),
    ...(validSec !== FOR_EVER && { validSec }),
    ...(broadcast !== undefined && { broadcast }),
    ...(routeMetric !== undefined && { routeMetric }),
    ...(unknown.length > 0 && { unknown }),
  };
}
