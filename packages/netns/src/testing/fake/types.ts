import type { Address } from '../../types/address.ts';
import type { Link } from '../../types/link.ts';
import type { Neighbour } from '../../types/neighbour.ts';
import type { Netns } from '../../types/netns.ts';
import type { Route } from '../../types/route.ts';
import type { Rtnl } from '../../types/rtnl.ts';
import type { Rule } from '../../types/rule.ts';

/** What a namespace of a {@link FakeKernel} holds, read at once and without awaiting. */
export interface FakeState {
  readonly links: readonly Link[];
  readonly addresses: readonly Address[];
  readonly routes: readonly Route[];
  readonly neighbours: readonly Neighbour[];
  readonly rules: readonly Rule[];
  /** As written, by key in slash form. */
  readonly sysctls: ReadonlyMap<string, string>;
}

/** One request that a {@link FakeKernel} was asked for. */
export interface FakeCall {
  /** `link.create`, `route.replace`: as in NetlinkError. */
  readonly operation: string;
  readonly subject: string;
}

/** A kernel in memory: an {@link Rtnl} of its first namespace, and the means to look inside and to break it. */
export interface FakeKernel extends Rtnl {
  /** The first namespace, as a handle. */
  readonly netns: Netns;
  /** One more namespace of this kernel, with a loopback link that is down. */
  createNetns(): Netns;
  /** The contents of a namespace; default: the first. */
  inspect(netns?: Netns): FakeState;
  /** Every request so far, oldest first, failed ones included. */
  readonly calls: readonly FakeCall[];
  /**
   * Makes the next request with that operation fail before it changes anything; calls add up.
   *
   * @param operation - as in `NetlinkError.operation`: `link.create`, `route.replace`
   * @param errno - name, such as `ENOBUFS`
   */
  failNext(operation: string, errno: string): void;
}
