import { contains, formatPrefix, type Prefix } from '@routed/addresses';
import { IpamError, isIpamError, quoted } from './errors.ts';
import { parsePrefix } from './address.ts';
import type { PoolRequest } from './contract.ts';

/** What a pool id says, in canonical text. */
export interface PoolContent {
  readonly addressSpace: string;
  readonly family: 4 | 6;
  readonly prefix: string;
  readonly subPool?: string;
}

/**
 * The id of the pool with this content: `<address space>/<prefix>` or `<address space>/<prefix>/<sub-pool>`.
 * Two ways to write the same content give the same id; a sub-pool as large as its prefix is no sub-pool.
 * @throws {@link IpamError} `INVALID_ADDRESS_SPACE`, `INVALID_PREFIX`
 */
export function poolIdOf(request: Pick<PoolRequest, 'addressSpace' | 'prefix' | 'subPool'>): string {
  return formatPoolId(canonicalContent(request));
}

/** The content of a pool id; undefined when {@link poolIdOf} would never give that id. */
export function parsePoolId(id: string): PoolContent | undefined {
  const [addressSpace = '', address = '', length = '', subAddress, subLength, ...rest] = id.split('/');
  if (rest.length > 0) return undefined;
  const subPool = subAddress === undefined ? {} : { subPool: `${subAddress}/${subLength ?? ''}` };
  try {
    const content = canonicalContent({ addressSpace, prefix: `${address}/${length}`, ...subPool });
    return formatPoolId(content) === id ? content : undefined;
  } catch (error) {
    if (isIpamError(error)) return undefined;
    throw error;
  }
}

/**
 * Checks the parts of a pool and writes them canonically.
 * @throws {@link IpamError} `INVALID_ADDRESS_SPACE`, `INVALID_PREFIX`
 */
export function canonicalContent(request: Pick<PoolRequest, 'addressSpace' | 'prefix' | 'subPool'>): PoolContent {
  const { addressSpace } = request;
  if (addressSpace === '' || addressSpace.includes('/')) {
    throw new IpamError(
      'INVALID_ADDRESS_SPACE',
      `${quoted(addressSpace)} is not an address space: expected a name that is not empty and has no '/'`,
    );
  }
  const prefix = parsePrefix(request.prefix);
  const subPool = request.subPool === undefined ? prefix : parsePrefix(request.subPool);
  if (!contains(prefix, subPool)) throw subPoolOutside(prefix, subPool);
  const whole = { addressSpace, family: prefix.family, prefix: formatPrefix(prefix) };
  return subPool.length === prefix.length ? whole : { ...whole, subPool: formatPrefix(subPool) };
}

/** Writes canonical content as an id. */
export function formatPoolId({ addressSpace, prefix, subPool }: PoolContent): string {
  return subPool === undefined ? `${addressSpace}/${prefix}` : `${addressSpace}/${prefix}/${subPool}`;
}

function subPoolOutside(prefix: Prefix, subPool: Prefix): IpamError {
  const [outer, inner] = [formatPrefix(prefix), formatPrefix(subPool)];
  return new IpamError(
    'INVALID_PREFIX',
    `sub-pool ${inner} is not part of prefix ${outer}: choose a range inside the prefix`,
    { prefix: inner, conflictingWith: outer },
  );
}
