import { z } from 'zod';

/** Whether other hosts are told of an address, and why. */
export const addressAnnouncement = z.object({
  /** `routed.announce`. */
  policy: z.string(),
  isAnnounced: z.boolean(),
  /** Such as `healthy`, `not healthy`, `draining`, `yielded`; a daemon of another release may know more. */
  reason: z.string(),
  /** Since when it is announced, or is not: ISO 8601, UTC; absent: since before the daemon started. */
  since: z.string().exactOptional(),
  /** When it is announced if nothing happens before: ISO 8601, UTC; only of `delayed` and `flapping`. */
  dueAt: z.string().exactOptional(),
});
export type AddressAnnouncement = Readonly<z.infer<typeof addressAnnouncement>>;

/** The same, for a person who asks about one address. */
export const explainedAnnouncement = addressAnnouncement.extend({
  /** The reason in plain words. */
  why: z.string(),
  /** What ends this state: a command, or something that happens. */
  until: z.string(),
});
export type ExplainedAnnouncement = Readonly<z.infer<typeof explainedAnnouncement>>;
