import { z } from 'zod';
import type { RouterLines, RouterName } from './router-lines.ts';

/** Routes exchanged with a BGP neighbor in one address family. */
export interface PrefixCount {
  readonly family: 'ipv4' | 'ipv6';
  /** As `maximum-prefix` counts them. */
  readonly received: number;
  readonly sent: number;
  /** `maximum-prefix`: absent without one. */
  readonly limit?: { readonly prefixes: number; readonly endsSession: boolean };
}

/** A BGP session, an OSPF adjacency or a BFD session. */
export interface NeighborReport {
  readonly protocol: 'bgp' | 'ospf' | 'ospf6' | 'bfd';
  /** BGP: its address, or the interface of an unnumbered one. OSPF: its router id. BFD: its address. */
  readonly neighbor: string;
  /** The interface; empty for BGP. */
  readonly link: string;
  /** As the daemon calls it: `Established`, `Idle (PfxCt)`, `Full/DR`, `up`… */
  readonly state: string;
  /** Established, up, Full, or 2-Way between routers that are not designated. */
  readonly isUp: boolean;
  /** Seconds that it has been up; 0 while it is not. */
  readonly upSec: number;
  /** How often it was lost since the daemon began; absent: the daemon does not count (OSPF). */
  readonly flaps?: number;
  /** Why a BGP session ended last; absent: not since the daemon began. */
  readonly lastError?: string;
  /** `maximum-prefix` of this router ended the BGP session. */
  readonly isOverLimit?: true;
  /** BGP only. */
  readonly prefixes?: readonly PrefixCount[];
  /** BFD only. */
  readonly packets?: { readonly received: number; readonly sent: number };
}

/** What the routing daemons of this host say of their neighbors. */
export interface RouterNeighbors {
  /** The daemons that answered. */
  readonly answered: readonly RouterName[];
  readonly neighbors: readonly NeighborReport[];
}

// Source: FRR bgpd/bgp_vty.c, bgp_show_peer and bgp_show_peer_afi.
const family = z.object({
  acceptedPrefixCounter: z.number().default(0),
  sentPrefixCounter: z.number().default(0),
  prefixAllowedMax: z.number().optional(),
  prefixAllowedMaxWarning: z.boolean().default(false),
});
const bgpPeer = z.object({
  bgpState: z.string(),
  bgpTimerUpMsec: z.number().default(0),
  connectionsDropped: z.number().default(0),
  lastResetDueTo: z.string().optional(),
  lastNotificationReason: z.string().optional(),
  prefixesConfigExceedMax: z.boolean().default(false),
  addressFamilyInfo: z.object({ ipv4Unicast: family.optional(), ipv6Unicast: family.optional() }).default({}),
});
// Source: FRR ospfd/ospf_vty.c, show_ip_ospf_neighbor_detail_sub.
const ospfReply = z.object({
  neighbors: z
    .record(
      z.string(),
      z.array(z.object({ ifaceName: z.string(), nbrState: z.string(), lastPrgrsvChangeMsec: z.number().default(0) })),
    )
    .default({}),
});
// Source: FRR ospf6d/ospf6_neighbor.c, ospf6_neighbor_show.
const ospf6Reply = z.object({
  neighbors: z
    .array(z.object({ neighborId: z.string(), interfaceName: z.string(), state: z.string(), duration: z.string() }))
    .default([]),
});
// Source: FRR bfdd/bfdd_vty.c, __display_peer_json and __display_peer_counters_json.
const bfdSessions = z.array(
  z.object({ peer: z.string(), interface: z.string().default(''), status: z.string(), uptime: z.number().default(0) }),
);
const bfdCounters = z.array(
  z.object({
    peer: z.string(),
    interface: z.string().default(''),
    'control-packet-input': z.number(),
    'control-packet-output': z.number(),
    'session-down': z.number(),
  }),
);

/**
 * Asks all daemons at once; the time that a daemon may take is that of `lines`. FRR only: Quagga answers none of it.
 * Some 0.1 ms of a daemon's time for each neighbor, whatever the number of routes.
 */
export async function readNeighbors(lines: RouterLines): Promise<RouterNeighbors> {
  const readers = { bgpd: bgpNeighbors, ospfd: ospfNeighbors, ospf6d: ospf6Neighbors, bfdd: bfdNeighbors } as const;
  const names = Object.keys(readers) as (keyof typeof readers)[];
  const found = await Promise.all(names.map(async (name) => ({ name, neighbors: await readers[name](lines) })));
  const answered = found.filter(({ neighbors }) => neighbors !== undefined);
  return {
    answered: answered.map(({ name }) => name),
    neighbors: answered.flatMap(({ neighbors }) => neighbors ?? []),
  };
}

/** The BGP neighbors of this host; undefined: bgpd does not answer. */
export async function bgpNeighbors(lines: RouterLines): Promise<readonly NeighborReport[] | undefined> {
  const answer = await lines.ask('bgpd', 'show bgp neighbors json');
  const peers = z.record(z.string(), z.unknown()).safeParse(answer).data;
  if (peers === undefined) return undefined;
  return Object.entries(peers).flatMap(([neighbor, value]): NeighborReport[] => {
    const peer = bgpPeer.safeParse(value).data;
    if (peer === undefined) return [];
    const isUp = peer.bgpState === 'Established';
    const lastError = peer.lastNotificationReason ?? peer.lastResetDueTo;
    return [
      {
        protocol: 'bgp',
        neighbor,
        link: '',
        state: peer.prefixesConfigExceedMax ? `${peer.bgpState} (PfxCt)` : peer.bgpState,
        isUp,
        upSec: isUp ? peer.bgpTimerUpMsec / 1000 : 0,
        flaps: peer.connectionsDropped,
        ...(lastError === undefined ? {} : { lastError }),
        ...(peer.prefixesConfigExceedMax ? { isOverLimit: true } : {}),
        prefixes: [
          ...countOf('ipv4', peer.addressFamilyInfo.ipv4Unicast),
          ...countOf('ipv6', peer.addressFamilyInfo.ipv6Unicast),
        ],
      },
    ];
  });
}

function countOf(name: PrefixCount['family'], info: z.infer<typeof family> | undefined): PrefixCount[] {
  if (info === undefined) return [];
  const { prefixAllowedMax: prefixes, prefixAllowedMaxWarning: warnsOnly } = info;
  const limit = prefixes === undefined ? {} : { limit: { prefixes, endsSession: !warnsOnly } };
  return [{ family: name, received: info.acceptedPrefixCounter, sent: info.sentPrefixCounter, ...limit }];
}

async function ospfNeighbors(lines: RouterLines): Promise<readonly NeighborReport[] | undefined> {
  const reply = ospfReply.safeParse(await lines.ask('ospfd', 'show ip ospf neighbor detail json')).data;
  if (reply === undefined) return undefined;
  return Object.entries(reply.neighbors).flatMap(([neighbor, adjacencies]) =>
    adjacencies.map(({ ifaceName, nbrState, lastPrgrsvChangeMsec }) =>
      adjacency('ospf', neighbor, ifaceName, nbrState, lastPrgrsvChangeMsec / 1000),
    ),
  );
}

async function ospf6Neighbors(lines: RouterLines): Promise<readonly NeighborReport[] | undefined> {
  const reply = ospf6Reply.safeParse(await lines.ask('ospf6d', 'show ipv6 ospf6 neighbor json')).data;
  return reply?.neighbors.map(({ neighborId, interfaceName, state, duration }) =>
    adjacency('ospf6', neighborId, interfaceName, state, secondsOf(duration)),
  );
}

function adjacency(
  protocol: 'ospf' | 'ospf6',
  neighbor: string,
  link: string,
  state: string,
  sinceSec: number,
): NeighborReport {
  const isUp = /^(Full|2-Way|Twoway)\b/i.test(state);
  return { protocol, neighbor, link, state, isUp, upSec: isUp ? sinceSec : 0 };
}

/** `00:01:02`, or `3d00:01:02`. Source: FRR ospf6d/ospf6d.c, timerstring. */
function secondsOf(duration: string): number {
  const [, days = 0, hours = 0, minutes = 0, seconds = 0] = /^(?:(\d+)d)?(\d+):(\d+):(\d+)$/.exec(duration) ?? [];
  return ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds);
}

async function bfdNeighbors(lines: RouterLines): Promise<readonly NeighborReport[] | undefined> {
  const sessions = bfdSessions.safeParse(await lines.ask('bfdd', 'show bfd peers json')).data;
  if (sessions === undefined) return undefined;
  const counters = bfdCounters.safeParse(await lines.ask('bfdd', 'show bfd peers counters json')).data ?? [];
  return sessions.map(({ peer, interface: link, status, uptime }): NeighborReport => {
    const counted = counters.find((one) => one.peer === peer && one.interface === link);
    const known = {
      protocol: 'bfd',
      neighbor: peer,
      link,
      state: status,
      isUp: status === 'up',
      upSec: uptime,
    } as const;
    if (counted === undefined) return known;
    const packets = { received: counted['control-packet-input'], sent: counted['control-packet-output'] };
    return { ...known, flaps: counted['session-down'], packets };
  });
}
