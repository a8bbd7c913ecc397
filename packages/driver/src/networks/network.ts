import type { KernelEndpoint } from '@routed/datapath';
import type { StoredOptions } from './options.ts';

/** A prefix that endpoints of a network take addresses from. */
export interface NetworkPrefix {
  readonly poolId: string;
  readonly family: 4 | 6;
  /** Canonical, as IPAM gave it out. */
  readonly prefix: string;
}

/** One prefix of a network and the next hop of the containers that take their address from it. */
export interface NetworkPool extends NetworkPrefix {
  /** The containers' default gateway: a bare address. */
  readonly gateway: string;
}

/** A Docker network of ours: what CreateNetwork asked for. Docker never repeats that call. */
export interface Network extends StoredOptions<'network'> {
  readonly id: string;
  readonly pools: readonly NetworkPool[];
  /** Prefixes that only additional addresses come from; other networks may share them. */
  readonly prefixes: readonly NetworkPrefix[];
  /** Whether Docker may not have heard that it was made; absent: it has. */
  readonly isUnanswered?: boolean;
}

/** The prefixes whose addresses alone may enter an isolated network's containers without being listed; none for others. */
export function insidersOf({ isolation, pools, prefixes }: Network): Pick<KernelEndpoint, 'insiders'> {
  return isolation === 'network' ? { insiders: [...pools, ...prefixes].map(({ prefix }) => prefix) } : {};
}

/** A network before its prefixes are pools. */
export type NewNetwork = Omit<Network, 'prefixes'> & { readonly prefixes: readonly string[] };
