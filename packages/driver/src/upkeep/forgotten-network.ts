import { z } from 'zod';

/** What was forgotten, as the command reads it. */
export const forgottenNetwork = z.object({
  networkId: z.string(),
  prefixes: z.array(z.string()).readonly(),
  /** How many endpoints went with it. */
  endpoints: z.number(),
});
export type ForgottenNetwork = Readonly<z.infer<typeof forgottenNetwork>>;
