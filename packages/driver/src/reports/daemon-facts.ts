import { z } from 'zod';

const family = z.union([z.literal(4), z.literal(6)]);

/** What only the running daemon knows, as it travels from there. */
export const daemonFacts = z.object({
  /** Bytes of links of networks that name no MTU. */
  mtuBytes: z.number(),
  /** The uplink whose MTU that was at the start; absent where the operator named the MTU. */
  mtuUplink: z.string().optional(),
  /** The links that lead off the host; absent: none were named with `--uplinks`. */
  uplinks: z.array(z.string()).optional(),
  /** The gateways that networks have unless they say otherwise. */
  gateways: z.array(z.string()),
  networks: z.array(
    z.object({
      id: z.string(),
      mtuBytes: z.number().optional(),
      pools: z.array(z.object({ prefix: z.string(), family, gateway: z.string() })),
      prefixes: z.array(z.string()),
    }),
  ),
  endpoints: z.array(
    z.object({ id: z.string(), networkId: z.string(), addresses: z.array(z.string()), isJoined: z.boolean() }),
  ),
  /** How long ago the kernel was last compared with what is wanted; absent: not yet. */
  reconciledMsAgo: z.number().optional(),
  /** Addresses that have belonged to no endpoint for minutes. */
  looseAddresses: z.array(z.string()),
  /** Such as `mnt:[4026531841]`. */
  mountNamespace: z.string(),
  /** How mounts of others reach /run/docker/netns: `shared`, `slave` or `private`. */
  propagation: z.string(),
});
export type DaemonFacts = z.infer<typeof daemonFacts>;

/** Where the daemon says them, on its admin socket. */
export const DAEMON_FACTS_PATH = '/v1/doctor';
