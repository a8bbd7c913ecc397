import { z } from 'zod';

/** What can happen to an address. */
export type JournalKind =
  /** Given out: to a container that is about to start, or for good. */
  | 'leased'
  /** Free again. */
  | 'released'
  /** In no container, and still leased: it is the own address of a container that does not run. */
  | 'kept'
  /** The host has its route, and a router may tell other hosts. */
  | 'announced'
  /** The host's route is taken away. */
  | 'withdrawn'
  /** Its policy is met, and it stays withdrawn for a while: `routed.announce-delay`, or flapping. */
  | 'held'
  /** An operator's command: `announce`, `withdraw`, `drain`, `undrain`. */
  | 'ordered'
  /** `routed.drain`: its container was told to stop, or is sent the signal that ends it. */
  | 'drained'
  /** Another host announces it, too, or does so no more. */
  | 'conflict'
  /** An operator said who may open connections to it. */
  | 'filtered'
  /** An operator said how fast packets may go to its container and from it. */
  | 'limited'
  /** Docker was asked for something that a routed network does not have: published ports. */
  | 'ignored'
  /** Another route of this host hides that of the address, or does so no more. */
  | 'hidden'
  /** It is in the container, beside the address that Docker gave. */
  | 'configured'
  /** Something went wrong; `detail` says what. */
  | 'failed'
  /** Another container has it than the one that had it last. */
  | 'moved'
  /** Somebody took away what belongs to it, and it is back. */
  | 'repaired';

/** One thing that happened, as commands read it. */
export const journalEntry = z.object({
  /** Time in ISO 8601, UTC. */
  at: z.string(),
  /** One of `JournalKind`; a daemon of another release may know more. */
  kind: z.string(),
  addresses: z.array(z.string()).readonly(),
  endpointId: z.string().exactOptional(),
  /** The names of its container and network, where they are known. */
  container: z.string().exactOptional(),
  network: z.string().exactOptional(),
  /** Why, for people. */
  detail: z.string(),
});
export type JournalLine = Readonly<z.infer<typeof journalEntry>>;

/** One thing that happened. */
export interface JournalEntry extends JournalLine {
  readonly kind: JournalKind;
}
