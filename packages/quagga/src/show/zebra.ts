import { type Family, familyOf, hostPrefix } from '@routed/addresses';
import { z } from 'zod';
import type { RouterLines } from './router-lines.ts';
import type { Way } from './competing-route.ts';

/** Routes that a router has from others, by protocol, as zebra names it. Source: FRR lib/route_types.txt. */
const LEARNT: ReadonlyMap<string, string> = new Map([
  ['ospf', 'ospf'],
  ['ospf6', 'ospf'],
  ['bgp', 'bgp'],
  ['isis', 'isis'],
  ['rip', 'rip'],
  ['ripng', 'rip'],
  ['babel', 'babel'],
  ['eigrp', 'eigrp'],
]);

// Source: FRR zebra/zebra_vty.c, vty_show_ip_route.
const routesReply = z.record(
  z.string(),
  z.array(
    z.object({
      protocol: z.string(),
      nexthops: z.array(z.object({ ip: z.string().optional(), interfaceName: z.string().optional() })).default([]),
    }),
  ),
);
// Source: FRR zebra/zebra_vty.c, vty_show_ip_route_summary.
const summaryReply = z.object({ routesTotal: z.number(), routesTotalFib: z.number() });

/** A route that zebra has from another router, whether or not it is the one in use. */
export interface LearntRoute {
  readonly protocol: string;
  readonly ways: readonly Way[];
}

/** The routes to this very address that zebra has from other routers. */
export async function learntRoutes(lines: RouterLines, address: string): Promise<readonly LearntRoute[]> {
  const prefix = hostPrefix(address);
  const answer = await lines.ask('zebra', `show ${ipName(familyOf(address))} route ${prefix} json`);
  const routes = routesReply.safeParse(answer).data?.[prefix] ?? [];
  return routes.flatMap(({ protocol, nexthops }) => {
    const name = LEARNT.get(protocol);
    const ways = nexthops.map(({ ip, interfaceName }) => ({ gateway: ip, link: interfaceName }));
    return name === undefined ? [] : [{ protocol: name, ways }];
  });
}

/** How many routes zebra has that are not in use, such as those that lose against one of our own; undefined: not known. */
export async function idleRoutes(lines: RouterLines, family: 4 | 6): Promise<number | undefined> {
  const answer = await lines.ask('zebra', `show ${ipName(family)} route summary json`);
  const { data } = summaryReply.safeParse(answer);
  return data === undefined ? undefined : data.routesTotal - data.routesTotalFib;
}

function ipName(family: Family): 'ip' | 'ipv6' {
  return family === 4 ? 'ip' : 'ipv6';
}
