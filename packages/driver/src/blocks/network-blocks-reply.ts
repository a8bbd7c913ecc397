import { z } from 'zod';

/** The blocks of one network on this host, as commands read them. */
export const networkBlocksReply = z.object({
  network: z.string(),
  networkId: z.string(),
  /** As `routed.block` has it, such as `/26,/122`; `none`: containers get addresses of the whole subnet. */
  block: z.string(),
  blocks: z.array(z.string()).readonly(),
});
export type NetworkBlocksReply = Readonly<z.infer<typeof networkBlocksReply>>;
