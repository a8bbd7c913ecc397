import { openNetns } from './netns.ts';
import type { Rtnl, RtnlOptions } from './types/rtnl.ts';

/** stub */
export async function openRtnl(options?: RtnlOptions): Promise<Rtnl> {
  await using netns = await openNetns('current');
  return await netns.openRtnl(options);
}
