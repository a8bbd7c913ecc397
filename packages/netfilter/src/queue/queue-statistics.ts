import { readFile } from 'node:fs/promises';

/** What the kernel says of a queue that somebody listens to. */
export interface QueueStatistics {
  /** Packets that wait for a verdict. */
  readonly waiting: number;
  /** Packets dropped because too many waited. */
  readonly droppedFull: number;
  /** Packets dropped because the listener's socket had no room. */
  readonly droppedUnread: number;
}

const PATH = '/proc/self/net/netfilter/nfnetlink_queue';

/**
 * The counters of a queue since it was bound; undefined when nobody listens to it, or the kernel has no queues.
 *
 * @param path - of another namespace: `/proc/PID/net/netfilter/nfnetlink_queue`
 * Source: linux net/netfilter/nfnetlink_queue.c `seq_show`.
 */
export async function queueStatistics(number: number, path: string = PATH): Promise<QueueStatistics | undefined> {
  return parseQueueStatistics(number, await readFile(path, 'utf8').catch(() => ''));
}

/** As {@link queueStatistics}, of the file's text. Pure. */
export function parseQueueStatistics(number: number, text: string): QueueStatistics | undefined {
  const rows = text.split('\n').map((line) => line.trim().split(/\s+/).map(Number));
  const row = rows.find(([queue]) => queue === number);
  if (row === undefined || row.length < 7) return undefined;
  const [, , waiting = 0, , , droppedFull = 0, droppedUnread = 0] = row;
  return { waiting, droppedFull, droppedUnread };
}
