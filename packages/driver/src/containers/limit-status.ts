import { z } from 'zod';

const count = z.object({
  /** Frames that passed, with their headers. */
  bytes: z.number(),
  packets: z.number(),
  /** Packets for which there was no more room in the queue. */
  dropped: z.number(),
  /** How often a packet had to wait. */
  delayed: z.number(),
  waitingBytes: z.number(),
});

/** How fast packets may go to a container and from it by one network. */
export const limitStatus = z.object({
  container: z.string(),
  network: z.string(),
  /** In the form of `routed.rate-in`; `off`: no limit. */
  in: z.string(),
  out: z.string(),
  /** Since the limit was set; absent for a direction without a limit, or a container that does not run. */
  counters: z.object({ in: count.exactOptional(), out: count.exactOptional() }),
});
export type LimitStatus = Readonly<z.infer<typeof limitStatus>>;
export type LimitCounters = LimitStatus['counters'];
