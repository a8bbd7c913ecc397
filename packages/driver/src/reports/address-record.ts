import { z } from 'zod';
import { explainedAnnouncement } from '../endpoints/address-announcement.ts';
import { journalEntry } from '../ground/journal-entry.ts';

/** What the daemon knows of one address. */
export const addressRecord = z.object({
  address: z.string(),
  lease: z.object({ poolId: z.string(), purpose: z.string(), holder: z.string().exactOptional() }).exactOptional(),
  /** The endpoint that has it. */
  endpoint: z
    .object({
      id: z.string(),
      networkId: z.string(),
      /** The names of its container and network, where Docker has said them. */
      container: z.string().exactOptional(),
      network: z.string().exactOptional(),
      mac: z.string(),
      sandboxKey: z.string().exactOptional(),
      /** Who may open connections to it, in the form of `routed.ingress`; absent: everybody. */
      ingress: z.string().exactOptional(),
      /** `observe`: the list refuses nobody. */
      ingressMode: z.string().exactOptional(),
      /** The host does not track its connections with other hosts (`routed.conntrack=off`). */
      isUntracked: z.boolean().exactOptional(),
      /** Nobody may, until Docker has said whose it is. */
      isOwnerPending: z.boolean().exactOptional(),
    })
    .exactOptional(),
  /** How the endpoint's part of its sandbox is; absent: it needed nothing there. */
  sandbox: z
    .object({ state: z.enum(['pending', 'done', 'failed']), reason: z.string().exactOptional() })
    .exactOptional(),
  /** Absent: it is in no container. */
  announcement: explainedAnnouncement.exactOptional(),
  /** The block of this host that other hosts reach it by, instead of an announcement of its own. */
  block: z.string().exactOptional(),
  /** How many live connections others have to it; absent: it is in no container, its connections are not tracked, or the kernel could not be asked. */
  connections: z.number().exactOptional(),
  /** The pool that the address would be leased from; absent: no network of ours has it. */
  pool: z.string().exactOptional(),
  /** The networks that have this pool: their names, or the start of the id where Docker has not said one. Absent: none. */
  networks: z.array(z.string()).readonly().exactOptional(),
  /** What happened to it lately, the oldest first. */
  history: z.array(journalEntry.readonly()).readonly(),
});
export type AddressRecord = Readonly<z.infer<typeof addressRecord>>;
