import type { NetworkPrefix } from './network.ts';
import { type BlockLengths, blockWords } from './option-values.ts';
import type { AnnouncePolicy } from './options.ts';
import { invalidOption } from './parse-options.ts';

/** What of a network, or of the request for one, matters to its blocks. */
interface Candidate {
  readonly block?: BlockLengths | undefined;
  readonly isAnycast?: boolean | undefined;
  readonly isTakeover?: boolean | undefined;
  readonly announce?: AnnouncePolicy | undefined;
  readonly pools: readonly Pick<NetworkPrefix, 'family' | 'prefix'>[];
}

/**
 * Refuses blocks that cannot be: a block is announced as a whole, always and by one host, and is smaller than its subnet. Pure.
 *
 * @throws DriverError INVALID_OPTION
 */
export function checkBlocks({ block, isAnycast, isTakeover, announce = 'always', pools }: Candidate): void {
  if (block === undefined) return;
  const refuse = (reason: string): never => {
    throw invalidOption('routed.block', blockWords(block), reason);
  };
  const alone = 'announces each address by itself: omit one of them';
  if (isAnycast === true) refuse(`routed.anycast=true ${alone}`);
  if (isTakeover === true) refuse(`routed.takeover=true ${alone}`);
  if (announce !== 'always') refuse(`routed.announce=${announce} ${alone}`);
  for (const family of [4, 6] as const) {
    const length = block[family];
    const subnets = pools.filter((pool) => pool.family === family);
    if (length === undefined) continue;
    if (subnets.length === 0) refuse(`the network has no IPv${family}`);
    const small = subnets.find(({ prefix }) => Number(prefix.split('/')[1]) >= length);
    if (small !== undefined) refuse(`a /${length} block is not smaller than subnet ${small.prefix}`);
  }
}
