export { type AddressValue, bytesOf, formatAddress, numberOf, parseAddress } from './address.ts';
export {
  addressBits,
  type Cidr,
  type Family,
  familyOf,
  formatCidr,
  formatIp,
  hasHostBits,
  type IpBytes,
  parseCidr,
  parseIp,
} from './bytes.ts';
export {
  type AddressRange,
  comparePrefixes,
  contains,
  formatPrefix,
  hostPrefix,
  includes,
  isLinkLocalIpv6,
  overlaps,
  parsePrefix,
  type Prefix,
  prefixOf,
} from './prefix.ts';
