import { z } from 'zod';
import { addressAnnouncement } from '../endpoints/address-announcement.ts';

/** An address, and who has it. */
export const listedAddress = z.object({
  address: z.string(),
  /** By name, or by the start of the endpoint's id when Docker does not say. */
  container: z.string(),
  containerId: z.string().optional(),
  network: z.string(),
  endpointId: z.string().optional(),
  /** Who gave it: Docker itself, the container's driver options, or `address add`; `own`: it is its own, and Docker gave another. */
  kind: z.enum(['docker', 'option', 'added', 'own']),
  /** `active`; `stopped`: kept for a container that does not run; `pending` or `failed`: not in the container yet. */
  state: z.enum(['active', 'stopped', 'pending', 'failed']),
  /** Whether it is its container's own, which it gets back when it is started again. */
  stays: z.boolean().optional(),
  /** Why it is `failed`. */
  reason: z.string().optional(),
  /** Absent: its container does not run. */
  announcement: addressAnnouncement.optional(),
});
export type ListedAddress = Readonly<z.infer<typeof listedAddress>>;
