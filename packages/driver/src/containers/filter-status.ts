import { z } from 'zod';

const spoof = z.enum(['strict', 'allow']);
const mode = z.enum(['enforce', 'observe']);

/** The list of a container on one network in one direction. */
export const filterStatus = z.object({
  container: z.string(),
  network: z.string(),
  /** Who may enter, in the form of `routed.ingress`; `any`: everybody may. Absent: this is about egress. */
  ingress: z.string().exactOptional(),
  /** Where the container may go, in the form of `routed.egress`; `any`: everywhere. Absent: this is about ingress. */
  egress: z.string().exactOptional(),
  /** Whether the list refuses, or only counts. */
  mode,
  spoof,
  /** The name servers that the container may ask beside the list; absent where there is no list of egress. */
  resolvers: z.array(z.string()).exactOptional(),
  /** What is to be said of the list, for people; absent: nothing. */
  warnings: z.array(z.string()).exactOptional(),
  /** Packets since the filter was set; absent for a container that does not run, or has no filter. */
  counters: z.object({ examined: z.number(), refused: z.number(), spoofed: z.number() }).exactOptional(),
});
export type FilterStatus = Readonly<z.infer<typeof filterStatus>>;

/** What would happen to a connection on one network. */
export const filterVerdict = z.object({
  container: z.string(),
  network: z.string(),
  /** `counted`: it passes, and would be refused if the list did more than observe. */
  verdict: z.enum(['passes', 'refused', 'counted']),
  /** The entry of the list, or what else decides. */
  because: z.string(),
});
export type FilterVerdict = Readonly<z.infer<typeof filterVerdict>>;
