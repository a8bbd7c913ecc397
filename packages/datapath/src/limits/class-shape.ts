import { isNetlinkError } from '@routed/netns';
import type { Qdisc, Statistics, TrafficClass, TrafficControl } from '@routed/netns/tc';
import { type Shape, UNLIMITED } from './rate-limit.ts';

/** The handles of what is ours, by which it is told from what others put on a link. */
export const ROOT = '7200:';
const CLASS = '7200:1';
const QUEUE = '7201:';
/** Bytes that a class is served in turn: it has no other to take turns with. */
const QUANTUM_BYTES = 60_000;

/** What shapes the packets that a link sends: one class of htb, and its queue. */
export interface ClassShape {
  readonly shape: Shape;
  readonly statistics: Statistics | undefined;
}

/**
 * Makes a link send no faster than this. The class changes in place: packets that wait go on waiting.
 *
 * htb and not tbf: a packet that is larger than the bucket, such as one of 64 KiB that the network card is to cut, goes on credit.
 * In tbf such a packet would block the queue for good, if it waits there when the bucket becomes smaller.
 * Source: linux net/sched/sch_tbf.c `tbf_dequeue`, sch_htb.c `htb_accnt_tokens`.
 */
export async function shapeLink(tc: TrafficControl, linkIndex: number, shape: Shape): Promise<void> {
  const { rateBitsPerSec, burstBytes, queueBytes } = shape;
  await ensureRoot(tc, linkIndex);
  await tc.classes.replace({
    ...{ linkIndex, kind: 'htb', parent: ROOT, handle: CLASS },
    ...{ rateBitsPerSec, burstBytes, ceilBurstBytes: burstBytes, quantumBytes: QUANTUM_BYTES },
  });
  await tc.qdiscs.replace({ linkIndex, kind: 'bfifo', parent: CLASS, handle: QUEUE, limitBytes: queueBytes });
}

/** How a link's packets are shaped; `undefined`: they are not, or not by us; `stale`: not all of it is there. */
export async function readShape(
  tc: TrafficControl,
  linkIndex: number,
  qdiscs: readonly Qdisc[],
): Promise<ClassShape | 'stale' | undefined> {
  const own = qdiscs.filter((qdisc) => qdisc.linkIndex === linkIndex);
  const root = own.find(({ parent }) => parent === 'root');
  if (!isOurRoot(root)) return undefined;
  const settings = own.find(({ parent, handle }) => parent === CLASS && handle === QUEUE)?.settings;
  const found = (await tc.classes.list({ linkIndex })).find(({ handle }) => handle === CLASS);
  if (found === undefined || settings?.kind !== 'bfifo') return 'stale';
  return shapeOfClass(found, settings.limitBytes) ?? 'stale';
}

/** What waits in a link's class, in bytes. */
export async function backlogOf(tc: TrafficControl, linkIndex: number): Promise<number> {
  const classes = await tc.classes.list({ linkIndex });
  return classes.find(({ handle }) => handle === CLASS)?.statistics?.backlogBytes ?? 0;
}

/** Whether a limit was taken away: what is left of it lets everything pass. */
export function isUnlimited({ shape }: ClassShape): boolean {
  return shape.rateBitsPerSec === UNLIMITED.rateBitsPerSec;
}

function shapeOfClass({ settings, statistics }: TrafficClass, queueBytes: number | undefined): ClassShape | undefined {
  if (settings?.kind !== 'htb' || queueBytes === undefined) return undefined;
  const { rateBitsPerSec, ceilBitsPerSec, burstBytes } = settings;
  if (rateBitsPerSec === undefined || burstBytes === undefined || ceilBitsPerSec !== rateBitsPerSec) return undefined;
  return { shape: { rateBitsPerSec, burstBytes, queueBytes }, statistics };
}

/** A new link has none, and the kernel lists those of all links at once: it is asked only where there is one. */
async function ensureRoot(tc: TrafficControl, linkIndex: number): Promise<void> {
  const spec = { linkIndex, kind: 'htb', handle: ROOT, defaultClass: 1 } as const;
  try {
    await tc.qdiscs.add(spec);
    return;
  } catch (error) {
    if (!isNetlinkError(error, 'EEXIST')) throw error;
  }
  const root = (await tc.qdiscs.list({ linkIndex })).find(({ parent }) => parent === 'root');
  if (isOurRoot(root)) return;
  // One of the same handle would be changed, which htb cannot be.
  await tc.qdiscs.delete({ linkIndex, parent: 'root' });
  await tc.qdiscs.add(spec);
}

function isOurRoot(root: Qdisc | undefined): boolean {
  return root?.handle === ROOT && root.settings?.kind === 'htb' && root.settings.defaultClass === 1;
}
