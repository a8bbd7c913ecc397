import { z } from 'zod';
import type { Announcement } from './announcement.ts';
import { destinationOf } from '../prefix.ts';
import type { RouterLines } from './router-lines.ts';

/** Who announces an address, by router id. */
export interface Announcers {
  readonly own: string;
  /** Whether this host is one of them. */
  readonly isOurs: boolean;
  /** Without this host. */
  readonly others: readonly string[];
}

/** An announcement of this age is being taken back. Source: RFC 2328 B, MaxAge. */
const MAX_AGE_SEC = 3_600;

// Source: FRR ospfd/ospf_vty.c, show_ip_ospf_database_common.
const externals = z.object({
  routerId: z.string(),
  asExternalLinkStates: z
    .array(z.object({ lsaAge: z.number(), advertisingRouter: z.string(), networkMask: z.number().optional() }))
    .default([]),
});
// Source: FRR ospf6d/ospf6d.c, ipv6_ospf6_database_show_common.
const externals6 = z.object({
  asScopedLinkStateDb: z.array(
    z.object({ lsa: z.array(z.object({ advRouter: z.string(), age: z.number(), payload: z.string().optional() })) }),
  ),
});
const process6 = z.object({ routerId: z.string() });
// Source: FRR ospfd/ospf_vty.c, show_ip_ospf_neighbor_common; ospf6d/ospf6_neighbor.c, ospf6_neighbor_show.
const neighborsReply = z.object({
  neighbors: z.union([z.record(z.string(), z.unknown()), z.array(z.unknown())]).default({}),
});

/** What this host tells its neighbors of an address by OSPF; undefined: the daemon does not answer. */
export async function ospfAnnouncement(lines: RouterLines, address: string): Promise<Announcement | undefined> {
  const [daemon, protocol] = address.includes(':')
    ? (['ospf6d', 'ipv6 ospf6'] as const)
    : (['ospfd', 'ip ospf'] as const);
  const reply = neighborsReply.safeParse(await lines.ask(daemon, `show ${protocol} neighbor json`)).data;
  if (reply === undefined) return undefined;
  const announcers = await ospfAnnouncers(lines, address);
  return { daemon, isOurs: announcers?.isOurs === true, neighbors: Object.keys(reply.neighbors).length };
}

/** The routers that announce an address by OSPF; undefined: the daemon does not say. */
export async function ospfAnnouncers(lines: RouterLines, address: string): Promise<Announcers | undefined> {
  return address.includes(':') ? await ofOspf6(lines, address) : await ofOspf(lines, address);
}

async function ofOspf(lines: RouterLines, address: string): Promise<Announcers | undefined> {
  const [id = '', length] = destinationOf(address).split('/');
  const { data } = externals.safeParse(await lines.ask('ospfd', `show ip ospf database external ${id} json`));
  if (data === undefined) return undefined;
  const living = data.asExternalLinkStates.filter(
    ({ lsaAge, networkMask }) => lsaAge < MAX_AGE_SEC && networkMask === Number(length),
  );
  return split(
    data.routerId,
    living.map(({ advertisingRouter }) => advertisingRouter),
  );
}

/** OSPFv3 numbers what it announces: all of it has to be read, which is why it is read of a conflict only. */
async function ofOspf6(lines: RouterLines, address: string): Promise<Announcers | undefined> {
  const own = process6.safeParse(await lines.ask('ospf6d', 'show ipv6 ospf6 json')).data?.routerId;
  const { data } = externals6.safeParse(await lines.ask('ospf6d', 'show ipv6 ospf6 database as-external json'));
  if (own === undefined || data === undefined) return undefined;
  const living = data.asScopedLinkStateDb
    .flatMap(({ lsa }) => lsa)
    .filter(({ age, payload }) => age < MAX_AGE_SEC && payload === destinationOf(address));
  return split(
    own,
    living.map(({ advRouter }) => advRouter),
  );
}

function split(own: string, all: readonly string[]): Announcers {
  return { own, isOurs: all.includes(own), others: [...new Set(all)].filter((router) => router !== own).sort() };
}
