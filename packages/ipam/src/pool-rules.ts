import type { ConnectedPrefix, Pool } from './contract.ts';
import { IpamError } from './errors.ts';
import { prefixesOverlap } from './address.ts';

/**
 * Prefixes no container address can come from.
 * Source: IANA special-purpose address registries (RFC 6890).
 */
const reservedPrefixes = [
  { prefix: '0.0.0.0/8', use: 'unspecified addresses' },
  { prefix: '127.0.0.0/8', use: 'loopback' },
  { prefix: '169.254.0.0/16', use: 'link-local addresses' },
  { prefix: '224.0.0.0/4', use: 'multicast' },
  { prefix: '255.255.255.255/32', use: 'limited broadcast' },
  { prefix: '::/64', use: 'the unspecified address, loopback and IPv4-mapped addresses' },
  { prefix: 'fe80::/10', use: 'link-local addresses' },
  { prefix: 'ff00::/8', use: 'multicast' },
] as const;

/**
 * Refuses a pool that covers addresses with a meaning of their own.
 * @throws {@link IpamError} `RESERVED_PREFIX`
 */
export function checkNotReserved(pool: Pool): void {
  const reserved = reservedPrefixes.find(({ prefix }) => prefixesOverlap(prefix, pool.prefix));
  if (reserved === undefined) return;
  throw new IpamError(
    'RESERVED_PREFIX',
    `cannot use ${pool.prefix} as a pool: it overlaps ${reserved.prefix}, reserved for ${reserved.use}; ` +
      'choose a unicast prefix such as 10.1.0.0/16 or fd00:1::/64',
    { prefix: pool.prefix, conflictingWith: reserved.prefix },
  );
}

/**
 * Refuses a pool that overlaps another one of its address space. Sub-pools of the same prefix that do not overlap
 * each other are the exception: their pools share the prefix.
 * @throws {@link IpamError} `POOL_OVERLAP`
 */
export function checkNoOverlap(pool: Pool, others: Iterable<Pool>): void {
  for (const other of others) {
    if (!conflicts(pool, other)) continue;
    const owner = other.owner === undefined ? '' : ` (claimed by ${other.owner})`;
    throw new IpamError(
      'POOL_OVERLAP',
      `cannot open pool ${pool.id}: it overlaps pool ${other.id}${owner}; choose another prefix, or for the same ` +
        'prefix sub-pools that do not overlap',
      { poolId: pool.id, prefix: pool.prefix, conflictingWith: other.id, ...ownerOf(other) },
    );
  }
}

/**
 * Refuses a pool that overlaps a prefix on a link of this host: routes to its addresses would take traffic away from
 * the link, or the link from them.
 * @throws {@link IpamError} `CONNECTED_OVERLAP`, and `INVALID_PREFIX` for a malformed connected prefix
 */
export function checkNotConnected(pool: Pool, connectedPrefixes: readonly ConnectedPrefix[]): void {
  const connected = connectedPrefixes.find(({ prefix }) => prefixesOverlap(prefix, pool.prefix));
  if (connected === undefined) return;
  throw new IpamError(
    'CONNECTED_OVERLAP',
    `cannot use ${pool.prefix} as a pool: it overlaps ${connected.prefix} on ${connected.description} of this host; ` +
      'choose another --subnet',
    { poolId: pool.id, prefix: pool.prefix, conflictingWith: `${connected.description} ${connected.prefix}` },
  );
}

/** The `owner` field of an error about the pool. */
export function ownerOf({ owner }: Pool): { readonly owner?: string } {
  return owner === undefined ? {} : { owner };
}

function conflicts(pool: Pool, other: Pool): boolean {
  if (pool.addressSpace !== other.addressSpace || !prefixesOverlap(pool.prefix, other.prefix)) return false;
  if (pool.prefix !== other.prefix) return true;
  return prefixesOverlap(pool.subPool ?? pool.prefix, other.subPool ?? other.prefix);
}
