import { z } from 'zod';
import type { Announcement, Announcer } from './announcement.ts';
import { afiOf, destinationOf } from '../prefix.ts';
import { isLowest, type CompetingRoute } from './competing-route.ts';
import type { RouterLines } from './router-lines.ts';

// Source: FRR bgpd/bgp_route.c, route_vty_out_detail.
const path = z.object({
  valid: z.boolean().optional(),
  sourced: z.boolean().optional(),
  aspath: z.object({ segments: z.array(z.object({ list: z.array(z.number()) })).default([]) }).optional(),
  originatorId: z.string().optional(),
  lastUpdate: z.object({ epoch: z.number() }).optional(),
  nexthops: z.array(z.object({ ip: z.string().optional(), interfaceName: z.string().optional() })).default([]),
  peer: z
    .object({
      peerId: z.string().optional(),
      routerId: z.string().optional(),
      hostname: z.string().optional(),
      interface: z.string().optional(),
    })
    .optional(),
});
type Path = z.infer<typeof path>;
const pathsReply = z.object({ paths: z.array(path) });
// Source: FRR bgpd/bgp_vty.c, bgp_show_summary.
const summaryReply = z.object({ as: z.number(), routerId: z.string() });
/** Without an instance for this family there are none. */
const peersReply = z.object({ peers: z.record(z.string(), z.unknown()).default({}) });
// Source: FRR bgpd/bgp_route.c, bgp_table_stats_single.
const tables = z.array(z.object({ totalAdvertisements: z.number(), totalPrefixes: z.number() })).default([]);
const statisticsReply = z.object({ ipv4Unicast: tables, ipv6Unicast: tables });

/** Others that announce this very address by BGP; undefined: nobody, or the daemon does not say. */
export async function bgpCompetingRoute(lines: RouterLines, address: string): Promise<CompetingRoute | undefined> {
  const paths = await pathsTo(lines, address);
  const foreign = paths.filter(({ valid, sourced }) => valid === true && sourced !== true);
  if (foreign.length === 0) return undefined;
  const own = summaryReply.safeParse(await summaryFor(lines, address)).data;
  return {
    protocol: 'bgp',
    ways: foreign.map(({ nexthops: [hop], peer }) => ({
      gateway: hop?.ip,
      link: hop?.interfaceName ?? peer?.interface,
    })),
    routers: [...new Set(foreign.map(nameOf))].sort(),
    isBehindUs: own === undefined ? undefined : precedes(own, foreign),
  };
}

/** Who announces an address, or a prefix, by BGP, this host included; undefined: the daemon does not answer. */
export async function bgpAnnouncers(lines: RouterLines, prefix: string): Promise<readonly Announcer[] | undefined> {
  const own = summaryReply.safeParse(await summaryFor(lines, prefix)).data;
  if (own === undefined) return undefined;
  return (await pathsTo(lines, prefix)).filter(({ valid }) => valid === true).map((path) => announcerBy(path, own));
}

function announcerBy(path: Path, own: z.infer<typeof summaryReply>): Announcer {
  const { sourced, peer, lastUpdate, nexthops } = path;
  const since = lastUpdate && { since: new Date(lastUpdate.epoch * 1000).toISOString() };
  if (sourced === true)
    return { protocol: 'bgp', isThisHost: true, router: own.routerId, as: own.as, ways: [], ...since };
  const [hop] = nexthops;
  const neighbor = peer?.hostname ?? peer?.interface ?? peer?.peerId;
  const router = isFromPeer(path) ? announcerOf(path) : path.originatorId;
  const as = originOf(path);
  return {
    protocol: 'bgp',
    isThisHost: false,
    ...(router !== undefined && { router }),
    ...(as !== undefined && { as }),
    ...(isFromPeer(path) && peer?.hostname !== undefined && { host: peer.hostname }),
    ...(neighbor !== undefined && { neighbor }),
    ways: [{ gateway: hop?.ip, link: hop?.interfaceName ?? peer?.interface }],
    ...since,
  };
}

/** Whether the neighbor that the path is from has begun it. */
function isFromPeer({ aspath, originatorId, peer }: Path): boolean {
  const length = aspath?.segments.reduce((sum, { list }) => sum + new Set(list).size, 0) ?? 0;
  return length <= 1 && (originatorId === undefined || originatorId === peer?.routerId);
}

/** What this host tells its neighbors of an address by BGP; undefined: the daemon does not answer. */
export async function bgpAnnouncement(lines: RouterLines, address: string): Promise<Announcement | undefined> {
  const summary = peersReply.safeParse(await summaryFor(lines, address)).data;
  if (summary === undefined) return undefined;
  const isOurs = (await pathsTo(lines, address)).some(({ sourced }) => sourced === true);
  return { daemon: 'bgpd', isOurs, neighbors: Object.keys(summary.peers).length };
}

async function pathsTo(lines: RouterLines, address: string): Promise<readonly Path[]> {
  const answer = await lines.ask('bgpd', `show bgp ${afiOf(address)} unicast ${destinationOf(address)} json`);
  return pathsReply.safeParse(answer).data?.paths ?? [];
}

async function summaryFor(lines: RouterLines, address: string): Promise<unknown> {
  return await lines.ask('bgpd', `show bgp ${afiOf(address)} unicast summary json`);
}

/** How many paths bgpd has beside one for each prefix, such as those that lose against one of our own; undefined: not known. */
export async function surplusPaths(lines: RouterLines, family: 4 | 6): Promise<number | undefined> {
  const answer = await lines.ask('bgpd', `show bgp ipv${family} unicast statistics json`);
  const { data } = statisticsReply.safeParse(answer);
  const [table] = data?.[family === 4 ? 'ipv4Unicast' : 'ipv6Unicast'] ?? [];
  return table === undefined ? undefined : table.totalAdvertisements - table.totalPrefixes;
}

/** The AS that a path begins in; undefined for one that has not left ours. */
function originOf({ aspath }: Path): number | undefined {
  return aspath?.segments.at(-1)?.list.at(-1);
}

/** Who announced it inside our own AS. Source: RFC 4456, ORIGINATOR_ID. */
function announcerOf({ originatorId, peer }: Path): string | undefined {
  return originatorId ?? peer?.routerId;
}

function nameOf(foreign: Path): string {
  const origin = originOf(foreign);
  return origin === undefined ? `router ${announcerOf(foreign) ?? '?'}` : `AS ${origin}`;
}

/**
 * AS numbers are compared between AS, router ids inside one. Hosts that share an AS number and are no neighbors inside it
 * cannot be told apart.
 */
function precedes(own: z.infer<typeof summaryReply>, foreign: readonly Path[]): boolean | undefined {
  const answers = foreign.map((one) => {
    const origin = originOf(one);
    if (origin !== undefined) return isLowest(own.as, [origin]);
    const announcer = announcerOf(one);
    return announcer === undefined ? undefined : isLowest(own.routerId, [announcer]);
  });
  if (answers.includes(false)) return false;
  return answers.includes(undefined) ? undefined : true;
}
