import { z } from 'zod';

/** A packet that a filter refused, as commands read it. */
export const refusedPacket = z.object({
  /** Time in ISO 8601, UTC. */
  at: z.string(),
  /** `ingress`, `egress`, or `sender`: it came from an address that the container does not have. */
  direction: z.string(),
  /** `refused`, or `counted`: the list only observes, and it passed. */
  verdict: z.string(),
  /** Absent: its link is gone, and nobody has the address. */
  endpointId: z.string().exactOptional(),
  /** The names of the container and its network, where Docker has said them. */
  container: z.string().exactOptional(),
  network: z.string().exactOptional(),
  source: z.string(),
  destination: z.string(),
  /** The name that led the container to the destination; absent: none is known. */
  name: z.string().exactOptional(),
  /** `tcp`, `udp`, `sctp`, `icmp`, `icmpv6`, or the number of another one. */
  protocol: z.string(),
  /** Of the destination; absent for protocols without ports and for fragments but the first. */
  port: z.number().exactOptional(),
  sourcePort: z.number().exactOptional(),
  /** Type and code of ICMP: `8/0`. */
  icmp: z.string().exactOptional(),
  /** What refused it, for people. */
  rule: z.string(),
});
export type RefusedPacket = Readonly<z.infer<typeof refusedPacket>>;
