import assert from 'node:assert/strict';

import { type NetlinkError, isNetlinkError } from '../../errors.ts';
import type { Netns } from '../../types/netns.ts';
import type { Rtnl } from '../../types/rtnl.ts';

/** One behaviour. */
export interface ConformanceCase {
  readonly title: string;
  /** The case gets a second namespace. */
  readonly needsNetns?: boolean;
  readonly run: (rtnl: Rtnl, netns: Netns | undefined) => Promise<void>;
}

/** Awaits a refusal with that code and returns it for more questions. */
export async function refused(done: Promise<unknown>, code: string): Promise<NetlinkError> {
  const error: unknown = await done.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(isNetlinkError(error), `expected a NetlinkError ${code}, got ${String(error)}`);
  assert.equal(error.code, code, error.message);
  return error;
}

/** A veth pair within the namespace, both ends up. */
export async function upPair(rtnl: Rtnl): Promise<{ readonly index: number; readonly peerIndex: number }> {
  const pair = await rtnl.links.createVeth({
    name: 'a0',
    isUp: true,
    ipv6AddressGeneration: 'none',
    peer: { name: 'b0' },
  });
  await rtnl.links.set({ index: pair.peerIndex }, { ipv6AddressGeneration: 'none' });
  await rtnl.links.set({ index: pair.peerIndex }, { isUp: true });
  return pair;
}
