import { type Family, familyOf } from '@routed/addresses';
import { z } from 'zod';
import { destinationOf } from '../prefix.ts';
import type { RouterLines } from './router-lines.ts';
import type { Way } from './competing-route.ts';

/** Protocols by which a router hears of others, in zebra's words; the kernel's names have no `6` and no `ng`. Source: FRR lib/route_types.txt. */
const LEARNT = /^(ospf|bgp|isis|rip|babel|eigrp)(?:6|ng)?$/;

// Source: FRR zebra/zebra_vty.c, vty_show_ip_route.
const routes = z.array(
  z.object({
    protocol: z.string(),
    nexthops: z.array(z.object({ ip: z.string().optional(), interfaceName: z.string().optional() })).default([]),
  }),
);
const routesReply = z.record(z.string(), routes);
// Source: FRR zebra/zebra_vty.c, vty_show_ip_route_summary.
const summaryReply = z.object({ routesTotal: z.number(), routesTotalFib: z.number() });

/** A route that zebra has from another router, whether or not it is the one in use. */
export interface LearntRoute {
  readonly protocol: string;
  readonly ways: readonly Way[];
}

/** The routes to this very address that zebra has from other routers. */
export async function learntRoutes(lines: RouterLines, address: string): Promise<readonly LearntRoute[]> {
  const known = (await routesTo(lines, address)) ?? [];
  return known.flatMap(({ protocol, nexthops }) => {
    const name = LEARNT.exec(protocol)?.[1];
    const ways = nexthops.map(({ ip, interfaceName }) => ({ gateway: ip, link: interfaceName }));
    return name === undefined ? [] : [{ protocol: name, ways }];
  });
}

/** Whether zebra has the kernel's own route to this very address; undefined: zebra does not answer. */
export async function hasKernelRoute(lines: RouterLines, address: string): Promise<boolean | undefined> {
  return (await routesTo(lines, address))?.some(({ protocol }) => protocol === 'kernel');
}

/** How many routes zebra has that are not in use, such as those that lose against one of our own; undefined: not known. */
export async function idleRoutes(lines: RouterLines, family: 4 | 6): Promise<number | undefined> {
  const answer = await lines.ask('zebra', `show ${ipName(family)} route summary json`);
  const { data } = summaryReply.safeParse(answer);
  return data === undefined ? undefined : data.routesTotal - data.routesTotalFib;
}

async function routesTo(lines: RouterLines, address: string): Promise<z.infer<typeof routes> | undefined> {
  const prefix = destinationOf(address);
  const answer = await lines.ask('zebra', `show ${ipName(familyOf(address))} route ${prefix} json`);
  return answer === undefined ? undefined : (routesReply.safeParse(answer).data?.[prefix] ?? []);
}

function ipName(family: Family): 'ip' | 'ipv6' {
  return family === 4 ? 'ip' : 'ipv6';
}
