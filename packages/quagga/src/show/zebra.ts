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
    return name === undefined ? [] : [{ protocol: name, ways: waysOf(nexthops) }];
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

/** A prefix that zebra has routes to. */
export interface KnownPrefix {
  readonly prefix: string;
  readonly routes: readonly KnownRoute[];
}

/** One of zebra's routes to a prefix, of this host or from another router. */
export interface KnownRoute extends LearntRoute {
  /** Whether it is the one in use. */
  readonly isSelected: boolean;
  readonly metric: number;
  /** How long it has been as it is, in seconds. From a day on zebra says it to the minute, from a week on to the hour. */
  readonly ageSec: number;
}

// Source: FRR zebra/zebra_vty.c, vty_show_ip_route.
const matchReply = z.record(
  z.string(),
  z.array(
    routes.element.extend({
      selected: z.boolean().default(false),
      metric: z.number().default(0),
      uptime: z.string().default(''),
    }),
  ),
);

/**
 * The longest prefix with this address in it, and zebra's routes to it.
 *
 * @returns undefined: zebra does not answer; `null`: it has none
 */
export async function longestMatch(lines: RouterLines, address: string): Promise<KnownPrefix | null | undefined> {
  const { data } = matchReply.safeParse(
    await lines.ask('zebra', `show ${ipName(familyOf(address))} route ${address} json`),
  );
  if (data === undefined) return undefined;
  const [found] = Object.entries(data);
  if (found === undefined || found[1].length === 0) return null;
  const [prefix, known] = found;
  return {
    prefix,
    routes: known.map(({ protocol, nexthops, selected, metric, uptime }) => ({
      protocol,
      ways: waysOf(nexthops),
      isSelected: selected,
      metric,
      ageSec: secondsOf(uptime),
    })),
  };
}

const UNIT_SEC: Readonly<Record<string, number>> = { y: 31_536_000, w: 604_800, d: 86_400, h: 3_600, m: 60 };

/** `00:01:02`, `1d02h03m`, `01w2d03h` or `1y02w3d`. Source: FRR lib/frrtime.h, frrtime_to_interval. */
function secondsOf(uptime: string): number {
  const [, hours, minutes, seconds] = /^(\d+):(\d+):(\d+)$/.exec(uptime) ?? [];
  if (seconds !== undefined) return (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds);
  const parts = [...uptime.matchAll(/(\d+)([ywdhm])/g)];
  return parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (UNIT_SEC[unit] ?? 0), 0);
}

function waysOf(nexthops: z.infer<typeof routes>[number]['nexthops']): readonly Way[] {
  return nexthops.map(({ ip, interfaceName }) => ({ gateway: ip, link: interfaceName }));
}

async function routesTo(lines: RouterLines, address: string): Promise<z.infer<typeof routes> | undefined> {
  const prefix = destinationOf(address);
  const answer = await lines.ask('zebra', `show ${ipName(familyOf(address))} route ${prefix} json`);
  return answer === undefined ? undefined : (routesReply.safeParse(answer).data?.[prefix] ?? []);
}

function ipName(family: Family): 'ip' | 'ipv6' {
  return family === 4 ? 'ip' : 'ipv6';
}
