import { openNetns } from './netns.ts';
import type { Rtnl, RtnlOptions } from './types/rtnl.ts';

/**
 * Opens a connection to rtnetlink in the network namespace of the calling thread.
 *
 * @throws {@link NetnsError} `UNSUPPORTED_PLATFORM`, `NOT_PERMITTED`
 */
export async function openRtnl(options?: RtnlOptions): Promise<Rtnl> {
  await using netns = await openNetns('current');
  return await netns.openRtnl(options);
}
