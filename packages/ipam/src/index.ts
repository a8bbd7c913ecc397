export { formatPrefix, type Prefix } from '@routed/addresses';
export { canonicalAddress, canonicalHostAddress, parsePrefix, prefixContains, prefixesOverlap } from './address.ts';
export type {
  AddressRequest,
  BlockRequest,
  ConnectedPrefix,
  Ipam,
  Lease,
  LeaseKey,
  LeasePurpose,
  Pool,
  PoolRequest,
  PoolUsage,
} from './contract.ts';
export { IpamError, isIpamError } from './errors.ts';
export type { IpamErrorCode, IpamErrorDetails } from './errors.ts';
export { openIpam } from './ipam.ts';
export type { IpamDependencies, IpamOptions } from './ipam.ts';
export { KeyedLock } from './keyed-lock.ts';
export { memoryLeaseStore } from './lease-store.ts';
export type { LeaseStore } from './lease-store.ts';
export { parsePoolId, poolIdOf } from './pool-id.ts';
export type { PoolContent } from './pool-id.ts';
