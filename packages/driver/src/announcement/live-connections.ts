import type { Logger } from '@routed/datapath';
import type { Connections } from '@routed/netfilter';

/** How many live connections others have to these addresses together; undefined: the kernel could not be asked, as the log says. */
export async function liveConnections(
  addresses: readonly string[],
  deps: { readonly connections: Pick<Connections, 'count'>; readonly logger: Pick<Logger, 'warn'> },
): Promise<number | undefined> {
  try {
    const counts = await deps.connections.count(addresses);
    return [...counts.values()].reduce((sum, count) => sum + count, 0);
  } catch (error) {
    deps.logger.warn({ err: error }, 'connections cannot be counted');
    return undefined;
  }
}
