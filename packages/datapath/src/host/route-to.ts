import { isNetlinkError, type Route, type Rtnl } from '@routed/netns';

/**
 * The route that packets to an address take; undefined when none leads to it. A blackhole and its kin lead to nobody: for them the
 * kernel answers EINVAL or EACCES (linux net/ipv4/fib_semantics.c `fib_props`).
 *
 * @param mark the firewall mark of the packets
 * @throws NetlinkError
 */
export async function routeTo(
  { routes }: { readonly routes: Pick<Rtnl['routes'], 'get'> },
  address: string,
  mark?: number,
): Promise<Route | undefined> {
  try {
    return await routes.get(address, { exact: true, ...(mark !== undefined && { mark }) });
  } catch (error) {
    if (isNetlinkError(error, 'EINVAL', 'EACCES')) return undefined;
    throw error;
  }
}
