import { z } from 'zod';

/** Who may enter a container by one network. */
export const ingressStatus = z.object({
  container: z.string(),
  network: z.string(),
  /** In the form of `routed.ingress`; `any`: everybody may. */
  ingress: z.string(),
  spoof: z.enum(['strict', 'allow']),
  /** Packets since the filter was set; absent for a container that does not run, or has no filter. */
  counters: z.object({ examined: z.string(), refused: z.string(), spoofed: z.string() }).exactOptional(),
});
export type IngressStatus = Readonly<z.infer<typeof ingressStatus>>;
