import { z } from 'zod';

/** Whether a container is announced on one of its networks, and why. */
export const announcementStatus = z.object({
  container: z.string(),
  network: z.string(),
  addresses: z.array(z.string()).readonly(),
  policy: z.string(),
  isAnnounced: z.boolean(),
  /** One of `AnnouncementReason`; a daemon of another release may know more. */
  reason: z.string(),
});
export type AnnouncementStatus = Readonly<z.infer<typeof announcementStatus>>;

const drainingEndpoint = z.object({
  endpointId: z.string(),
  /** The names of its container and network; absent: Docker does not answer. */
  container: z.string().exactOptional(),
  network: z.string().exactOptional(),
  /** True only while its withdrawal fails. */
  isAnnounced: z.boolean(),
  /** Its container was told to stop, and is sent its drain signal at this time at the latest: ISO 8601, UTC. */
  stop: z.object({ until: z.string(), isSignalSent: z.boolean() }).readonly().exactOptional(),
  /** The blocks of this host that lead other hosts to addresses of it all the same; absent: none. */
  blocks: z.array(z.string()).readonly().exactOptional(),
  /** The host does not track its connections (`routed.conntrack=off`): none is counted. Absent: it does. */
  isUntracked: z.boolean().exactOptional(),
  /** How many live connections others have to each address. */
  connections: z.record(z.string(), z.number()).readonly(),
});
export type DrainingEndpoint = Readonly<z.infer<typeof drainingEndpoint>>;

/** What is drained, and what connections are left. */
export const drainReport = z.object({
  isHostDraining: z.boolean(),
  endpoints: z.array(drainingEndpoint.readonly()).readonly(),
});
export type DrainReport = Readonly<z.infer<typeof drainReport>>;

const handoverAddress = z.object({
  address: z.string(),
  /** `waiting`: no other host announces it yet, or this one has not withdrawn it yet. */
  state: z.enum(['waiting', 'handed over']),
  /** Who announces it now, for people. */
  holders: z.array(z.string()).readonly(),
  /** How many live connections others have to it on this host. */
  connections: z.number(),
});

const handoverEndpoint = z.object({
  endpointId: z.string(),
  /** The names of its container and network; absent: Docker does not answer. */
  container: z.string().exactOptional(),
  network: z.string().exactOptional(),
  /** Until when an operator hands it over: ISO 8601, UTC. Absent: `routed.on-conflict=handover` does, always. */
  until: z.string().exactOptional(),
  addresses: z.array(handoverAddress.readonly()).readonly(),
});
export type HandoverEndpoint = Readonly<z.infer<typeof handoverEndpoint>>;

/** What is handed over to other hosts. */
export const handoverReport = z.object({ endpoints: z.array(handoverEndpoint.readonly()).readonly() });
export type HandoverReport = Readonly<z.infer<typeof handoverReport>>;
