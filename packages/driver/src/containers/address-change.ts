import { z } from 'zod';

/** What an operator's command did. */
export const addressChange = z.object({
  container: z.string(),
  network: z.string(),
  address: z.string(),
  /** Whether the container runs, and has or has lost the address now. */
  isLive: z.boolean(),
  /** Whether the address comes back when the container starts again: it is one of its driver options. */
  returns: z.boolean().exactOptional(),
});
export type AddressChange = Readonly<z.infer<typeof addressChange>>;
