import { waitUntil } from '@routed/lab';
import type { Fleet } from './fleet.ts';

const meetingMs = 120_000;

/** Gives each member of a fleet a route of a container, and waits until every router has all of them. */
export async function untilMet({ members, all }: Fleet, routeOf: (member: number) => string): Promise<void> {
  for (const [index, member] of members.entries()) await member.change('add', [routeOf(index)]);
  const deadline = performance.now() + meetingMs;
  for (const router of all) {
    const hasMet = async (): Promise<boolean> => (await router.listRoutes()) === members.length;
    const isInTime = await waitUntil(hasMet, () => false, deadline - performance.now());
    if (!isInTime) throw new Error(`${router.name} knows ${await router.listRoutes()} of ${members.length} members`);
    await router.calibrate(members.length);
  }
}
