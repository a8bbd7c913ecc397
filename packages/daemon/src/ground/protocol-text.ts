import { protocolName } from '@routed/datapath';

/** Source: iproute2 etc/rt_protos. */
const NOT_OF_ROUTERS: Readonly<Record<number, string>> = { 2: 'kernel', 3: 'boot', 4: 'static' };

/** Who made a route, as `ip route` names it; by number where that does, too. */
export function protocolText(protocol: number): string {
  return NOT_OF_ROUTERS[protocol] ?? protocolName(protocol);
}
