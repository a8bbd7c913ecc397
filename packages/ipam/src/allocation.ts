import { type AddressValue, formatAddress, includes } from '@routed/addresses';
import { parsePrefix } from './address.ts';
import { type Bounds, freeAddresses, intersection, rangeSize } from './address-range.ts';
import type { AddressRequest, Lease } from './contract.ts';
import { IpamError } from './errors.ts';
import type { OpenPool } from './pool-table.ts';

/** How many free addresses `isTaken` is asked about before an automatic request fails. */
const maxCandidates = 256;

/**
 * Picks a free address for a request that names none, and moves the pool's cursor past the addresses tried.
 * @throws {@link IpamError} `POOL_EXHAUSTED`, `CANDIDATES_TAKEN`
 */
export async function findFreeAddress(opened: OpenPool, request: AddressRequest): Promise<bigint> {
  const isGateway = request.purpose === 'gateway';
  let tried = 0;
  for (const candidate of offeredTo(opened, request)) {
    if (!(await request.isTaken?.(opened.textOf(candidate)))) return candidate;
    tried++;
    if (!isGateway) opened.cursor = candidate + 1n;
  }
  throw tried === 0 ? exhausted(opened) : candidatesTaken(opened, tried);
}

/**
 * Checks that an address a request names can be leased from the pool and is free.
 * @returns the lease when the same holder has it already for the same purpose
 * @throws {@link IpamError} `OUTSIDE_POOL`, `ADDRESS_RESERVED`, `ADDRESS_IN_USE`
 */
export function checkExplicitAddress(
  opened: OpenPool,
  wanted: AddressValue,
  request: AddressRequest,
): Lease | undefined {
  checkBelongs(opened, wanted);
  if (!opened.block.used.has(wanted.value)) return undefined;
  const own = opened.leaseAt(wanted);
  if (own?.holder !== undefined && own.holder === request.holder && own.purpose === request.purpose) return own;
  throw inUse(opened, wanted);
}

function* offeredTo(opened: OpenPool, { purpose, within }: AddressRequest): Generator<bigint> {
  const { automatic, cursor } = opened;
  if (purpose === 'gateway') yield* inOrder(opened, automatic.first);
  else if (within === undefined) yield* candidates(opened, cursor);
  else {
    for (const part of within) {
      const { first, last } = parsePrefix(part);
      const range = intersection(automatic, { first: last - first < 2n ? first : first + 1n, last });
      const isHere = range.first <= cursor && cursor <= range.last;
      yield* inOrder(opened, isHere ? cursor : range.first, range);
    }
  }
}

/**
 * Goes elsewhere after each: one that is taken is probably in another host's run of addresses, and who follows that run
 * meets the other host at its end, where both want the same address again and again.
 */
function* candidates(opened: OpenPool, start: bigint): Generator<bigint> {
  const { automatic, block } = opened;
  if (rangeSize(automatic) <= maxCandidates) {
    yield* inOrder(opened, start);
    return;
  }
  for (let offered = 0; offered < maxCandidates; offered++) {
    const [next] = freeAddresses(block.used, automatic, start);
    if (next === undefined) return;
    yield next;
    start = opened.placeAfter(next, offered);
  }
}

function* inOrder({ automatic, block }: OpenPool, start: bigint, range: Bounds = automatic): Generator<bigint> {
  let offered = 0;
  for (const address of freeAddresses(block.used, range, start)) {
    if (offered++ === maxCandidates) return;
    yield address;
  }
}

function checkBelongs(opened: OpenPool, wanted: AddressValue): void {
  const { pool, prefix } = opened;
  const details = { poolId: pool.id, address: formatAddress(wanted) };
  if (!includes(prefix, wanted)) {
    throw new IpamError(
      'OUTSIDE_POOL',
      `cannot lease ${details.address} from pool ${pool.id}: it is not part of ${pool.prefix}; choose an address ` +
        'inside the prefix',
      details,
    );
  }
  const hasReserved = prefix.family === 4 && prefix.length <= 30;
  if (!hasReserved || (wanted.value !== prefix.first && wanted.value !== prefix.last)) return;
  const meaning = wanted.value === prefix.first ? 'network' : 'broadcast';
  throw new IpamError(
    'ADDRESS_RESERVED',
    `cannot lease ${details.address} from pool ${pool.id}: it is the ${meaning} address of ${pool.prefix}; choose ` +
      `one from ${opened.textOf(prefix.first + 1n)} to ${opened.textOf(prefix.last - 1n)}`,
    details,
  );
}

function inUse(opened: OpenPool, wanted: AddressValue): IpamError {
  const leases = Array.from(opened.block.members, (member) => member.leaseAt(wanted));
  const lease = leases.find((found) => found !== undefined);
  const holder = lease?.holder ?? lease?.purpose ?? 'unknown';
  const address = formatAddress(wanted);
  const elsewhere = lease === undefined || lease.poolId === opened.pool.id ? '' : ` (through pool ${lease.poolId})`;
  return new IpamError(
    'ADDRESS_IN_USE',
    `cannot lease ${address} from pool ${opened.pool.id}: in use by ${holder}${elsewhere}; choose another address ` +
      'or release it first',
    { poolId: opened.pool.id, address, holder },
  );
}

function exhausted(opened: OpenPool): IpamError {
  const { pool, leaseCount } = opened;
  const size = String(rangeSize(opened.automatic));
  return new IpamError(
    'POOL_EXHAUSTED',
    `no free address in pool ${pool.id}: all ${size} addresses for automatic allocation are leased ` +
      `(${String(leaseCount)} leases); release some or use a larger pool`,
    { poolId: pool.id },
  );
}

function candidatesTaken(opened: OpenPool, tried: number): IpamError {
  return new IpamError(
    'CANDIDATES_TAKEN',
    `no usable address found in pool ${opened.pool.id}: ${String(tried)} addresses free here are in use elsewhere; ` +
      'try again to look further, name an address, or use a larger pool',
    { poolId: opened.pool.id },
  );
}
