import { z } from 'zod';
import type { VtyConnection } from '../vty/connection.ts';
import type { DaemonLines } from '../vty/running.ts';

/** An adjacency or a session that is up. */
export interface LiveNeighbor {
  /** As messages name it: `OSPF neighbor 10.0.0.2 on eth1`. */
  readonly name: string;
  /** What the configuration says of it, one of {@link RouterState.places}: `OSPF on eth1`. */
  readonly place: string;
}

/** Prefixes that this router originates, as one protocol or one session sends them. */
export interface Announced {
  /** As messages name it: `announced by OSPF`. */
  readonly what: string;
  readonly place: string;
  readonly prefixes: readonly string[];
}

/** A route that other routers announce. */
export interface LearntRoute {
  readonly prefix: string;
  /** Who announces it: the same for all routes of one router or AS. */
  readonly origin: string;
  readonly isInKernel: boolean;
}

/** What a router does for its neighbors and its containers at one moment. */
export interface RouterState {
  readonly daemons: readonly string[];
  /** Interfaces and BGP peers on which the configuration wants neighbors. */
  readonly places: readonly string[];
  readonly neighbors: readonly LiveNeighbor[];
  readonly announced: readonly Announced[];
  readonly learnt: readonly LearntRoute[];
  /** The longest time after which OSPF misses a neighbor, in seconds; 0: no OSPF. */
  readonly deadSec: number;
}

/** Runs `ip -j` in the network namespace of the router. */
export type ReadKernel = (args: readonly string[]) => Promise<unknown>;

/** What one daemon says; which of the routes are in the kernel comes later. */
type Part = Omit<RouterState, 'daemons' | 'learnt'> & { readonly heard: readonly Omit<LearntRoute, 'isInKernel'>[] };

const NOTHING: Part = { places: [], neighbors: [], announced: [], heard: [], deadSec: 0 };

/**
 * Reads neighbors, announced routes and known routes from the daemons and the kernel. About 1 s for 20,000 routes. Quagga
 * does not answer in JSON: there the result is empty.
 * @throws {@link QuaggaError} `VTY_FAILED` when a daemon does not answer
 */
export async function readState(daemons: DaemonLines, readKernel: ReadKernel): Promise<RouterState> {
  const [ospfd, ospf6d, bgpd] = [daemons.get('ospfd'), daemons.get('ospf6d'), daemons.get('bgpd')];
  const parts = [
    ospfd === undefined ? NOTHING : await ospfPart(ospfd),
    ospf6d === undefined ? NOTHING : await ospf6Part(ospf6d),
    bgpd === undefined ? NOTHING : await bgpPart(bgpd),
  ];
  const heard = parts.flatMap((part) => part.heard);
  const inKernel = heard.length === 0 ? new Set<string>() : await learntInKernel(readKernel);
  return {
    daemons: [...daemons.keys()],
    places: parts.flatMap(({ places }) => places),
    neighbors: parts.flatMap(({ neighbors }) => neighbors),
    announced: parts.flatMap(({ announced }) => announced),
    learnt: heard.map((route) => ({ ...route, isInKernel: inKernel.has(route.prefix) })),
    deadSec: Math.max(...parts.map(({ deadSec }) => deadSec)),
  };
}

// Source: FRR ospfd/ospf_vty.c, show_ip_ospf_interface_sub, show_ip_ospf_neighbor_sub, show_ip_ospf_database_summary.
const ospfInterfaces = z.object({
  interfaces: z
    .record(
      z.string(),
      z.object({
        ospfEnabled: z.boolean().default(false),
        timerPassiveIface: z.boolean().default(false),
        timerDeadSecs: z.number().default(0),
      }),
    )
    .default({}),
});
const ospfNeighbors = z.object({
  neighbors: z
    .record(
      z.string(),
      z.array(z.object({ nbrState: z.string().optional(), state: z.string().optional(), ifaceName: z.string() })),
    )
    .default({}),
});
const lsa = z.object({ advertisedRouter: z.string(), lsaAge: z.number(), route: z.string() });
const ospfDatabase = z.object({
  routerId: z.string(),
  asExternalLinkStates: z.array(lsa).default([]),
  areas: z.record(z.string(), z.object({ nssaExternalLinkStates: z.array(lsa).default([]) })).default({}),
});

/** Beside `Full`, routers that are not designated stay `2-Way` with each other. Source: RFC 2328 10.1. */
const IS_UP = /^(full|2-?way|two-?way)/i;
/** An announcement of this age is being taken back. Source: RFC 2328 B, MaxAge. */
const MAX_AGE_SEC = 3_600;

async function ospfPart(ospfd: VtyConnection): Promise<Part> {
  const interfaces = await ask(ospfd, 'show ip ospf interface json', ospfInterfaces);
  const active = Object.entries(interfaces?.interfaces ?? {}).filter(
    ([, { ospfEnabled, timerPassiveIface }]) => ospfEnabled && !timerPassiveIface,
  );
  if (active.length === 0) return NOTHING;
  const { neighbors = {} } = (await ask(ospfd, 'show ip ospf neighbor json', ospfNeighbors)) ?? {};
  const up = Object.entries(neighbors).flatMap(([id, all]) =>
    all
      .filter(({ nbrState, state }) => IS_UP.test(nbrState ?? state ?? ''))
      .map(({ ifaceName }) => liveNeighbor('OSPF', id, ifaceName.split(':')[0] ?? '')),
  );
  const database = await ask(ospfd, 'show ip ospf database json', ospfDatabase);
  const all = [
    ...(database?.asExternalLinkStates ?? []),
    ...Object.values(database?.areas ?? {}).flatMap((area) => area.nssaExternalLinkStates),
  ].filter(({ lsaAge }) => lsaAge < MAX_AGE_SEC);
  const isOwn = (router: string): boolean => router === database?.routerId;
  return {
    ...NOTHING,
    ...ospfAnnounced(
      'OSPF',
      all.filter((one) => isOwn(one.advertisedRouter)).map(({ route }) => route),
    ),
    places: ['OSPF', ...active.map(([name]) => `OSPF on ${name}`)],
    neighbors: up,
    heard: all
      .filter((one) => !isOwn(one.advertisedRouter))
      .map(({ route, advertisedRouter }) => ({ prefix: route, origin: `OSPF router ${advertisedRouter}` })),
    deadSec: Math.max(...active.map(([, { timerDeadSecs }]) => timerDeadSecs)),
  };
}

function liveNeighbor(protocol: string, id: string, link: string): LiveNeighbor {
  return { name: `${protocol} neighbor ${id} on ${link}`, place: `${protocol} on ${link}` };
}

function ospfAnnounced(protocol: string, prefixes: readonly string[]): Pick<Part, 'announced'> {
  return { announced: [{ what: `announced by ${protocol}`, place: protocol, prefixes }] };
}

// Source: FRR ospf6d/ospf6_interface.c, ospf6_interface_show; ospf6_neighbor.c, ospf6_neighbor_show; ospf6_lsa.c,
// ospf6_lsa_show_summary.
const ospf6Interfaces = z.record(
  z.string(),
  z.object({
    attachedToArea: z.boolean().default(false),
    timerPassiveIface: z.boolean().default(false),
    timerIntervalsConfigDead: z.number().default(0),
  }),
);
const ospf6Neighbors = z.object({
  neighbors: z.array(z.object({ neighborId: z.string(), state: z.string(), interfaceName: z.string() })).default([]),
});
const ospf6Process = z.object({ routerId: z.string() });
const ospf6Database = z.object({
  asScopedLinkStateDb: z
    .array(
      z.object({
        lsa: z.array(z.object({ advRouter: z.string(), age: z.number(), payload: z.string().default('') })).default([]),
      }),
    )
    .default([]),
});

async function ospf6Part(ospf6d: VtyConnection): Promise<Part> {
  const interfaces = await ask(ospf6d, 'show ipv6 ospf6 interface json', ospf6Interfaces);
  const active = Object.entries(interfaces ?? {}).filter(
    ([, { attachedToArea, timerPassiveIface }]) => attachedToArea && !timerPassiveIface,
  );
  if (active.length === 0) return NOTHING;
  const { neighbors = [] } = (await ask(ospf6d, 'show ipv6 ospf6 neighbor json', ospf6Neighbors)) ?? {};
  const own = (await ask(ospf6d, 'show ipv6 ospf6 json', ospf6Process))?.routerId;
  const database = await ask(ospf6d, 'show ipv6 ospf6 database as-external json', ospf6Database);
  const all = (database?.asScopedLinkStateDb ?? [])
    .flatMap((scope) => scope.lsa)
    .filter(({ age }) => age < MAX_AGE_SEC);
  return {
    ...NOTHING,
    ...ospfAnnounced(
      'OSPFv3',
      all.filter(({ advRouter }) => advRouter === own).map(({ payload }) => payload),
    ),
    places: ['OSPFv3', ...active.map(([name]) => `OSPFv3 on ${name}`)],
    neighbors: neighbors
      .filter(({ state }) => IS_UP.test(state))
      .map(({ neighborId, interfaceName }) => liveNeighbor('OSPFv3', neighborId, interfaceName)),
    heard: all
      .filter(({ advRouter }) => advRouter !== own)
      .map(({ payload, advRouter }) => ({ prefix: payload, origin: `OSPFv3 router ${advRouter}` })),
    deadSec: Math.max(...active.map(([, { timerIntervalsConfigDead }]) => timerIntervalsConfigDead)),
  };
}

// Source: FRR bgpd/bgp_vty.c, bgp_show_summary; bgp_route.c, route_vty_out, route_vty_out_tmp.
const bgpSummary = z.record(
  z.string(),
  z.object({ peers: z.record(z.string(), z.object({ state: z.string() })).default({}) }),
);
const bgpAdvertised = z.object({
  advertisedRoutes: z.record(z.string(), z.object({ weight: z.number().optional() })).default({}),
});
const bgpTable = z.object({
  routes: z
    .record(
      z.string(),
      z.array(
        z.object({
          valid: z.boolean().default(false),
          weight: z.number().optional(),
          path: z.string().default(''),
          peerId: z.string().default(''),
        }),
      ),
    )
    .default({}),
});
/** The weight of a route that bgpd itself brought in. Source: FRR bgpd/bgpd.h, BGP_ATTR_DEFAULT_WEIGHT. */
const OWN_WEIGHT = 32_768;
const UNICAST = { ipv4Unicast: 'ipv4', ipv6Unicast: 'ipv6' } as const;

async function bgpPart(bgpd: VtyConnection): Promise<Part> {
  const summary = await ask(bgpd, 'show bgp summary json', bgpSummary);
  const parts: Part[] = [];
  for (const [key, family] of Object.entries(UNICAST)) {
    const peers = Object.entries(summary?.[key]?.peers ?? {});
    if (peers.length > 0) parts.push(await bgpFamilyPart(bgpd, family, peers));
  }
  return {
    ...NOTHING,
    places: parts.flatMap(({ places }) => places),
    neighbors: parts.flatMap(({ neighbors }) => neighbors),
    announced: parts.flatMap(({ announced }) => announced),
    heard: parts.flatMap(({ heard }) => heard),
  };
}

async function bgpFamilyPart(
  bgpd: VtyConnection,
  family: string,
  peers: readonly (readonly [string, { readonly state: string }])[],
): Promise<Part> {
  const placeOf = (peer: string): string => `BGP ${family} with ${peer}`;
  const up = peers.filter(([, { state }]) => state === 'Established').map(([peer]) => peer);
  const announced: Announced[] = [];
  for (const peer of up) {
    const reply = await ask(bgpd, `show bgp ${family} unicast neighbors ${peer} advertised-routes json`, bgpAdvertised);
    const own = Object.entries(reply?.advertisedRoutes ?? {}).filter(([, { weight }]) => weight === OWN_WEIGHT);
    announced.push({
      what: `announced to ${peer} by BGP`,
      place: placeOf(peer),
      prefixes: own.map(([prefix]) => prefix),
    });
  }
  const table = await ask(bgpd, `show bgp ${family} unicast json`, bgpTable);
  const heard = Object.entries(table?.routes ?? {}).flatMap(([prefix, paths]) => {
    const foreign = paths.find(({ valid, weight }) => valid && weight !== OWN_WEIGHT);
    if (foreign === undefined) return [];
    // Inside one AS the path is empty.
    const origin = foreign.path.trim().split(/\s+/).at(-1) ?? '';
    return [{ prefix, origin: origin === '' ? `BGP peer ${foreign.peerId}` : `AS ${origin}` }];
  });
  return {
    ...NOTHING,
    places: peers.filter(([, { state }]) => !/admin/i.test(state)).map(([peer]) => placeOf(peer)),
    neighbors: up.map((peer) => ({ name: `BGP session with ${peer} (${family})`, place: placeOf(peer) })),
    announced,
    heard,
  };
}

/** Routes of OSPF and of BGP, by number: not every host knows their names. Source: linux uapi rtnetlink.h, RTPROT_*. */
const PROTOCOLS = ['188', '186'];
const kernelReply = z.array(z.object({ dst: z.string() }));

async function learntInKernel(readKernel: ReadKernel): Promise<ReadonlySet<string>> {
  const prefixes = new Set<string>();
  for (const [family, full] of [
    ['-4', '32'],
    ['-6', '128'],
  ] as const) {
    const all = { '-4': '0.0.0.0/0', '-6': '::/0' }[family];
    for (const protocol of PROTOCOLS) {
      const routes = kernelReply.safeParse(await readKernel([family, 'route', 'show', 'proto', protocol])).data ?? [];
      for (const { dst } of routes) prefixes.add(dst === 'default' ? all : dst.includes('/') ? dst : `${dst}/${full}`);
    }
  }
  return prefixes;
}

/** The answer in the form of `shape`; undefined for a release that does not know the command. */
async function ask<T>(line: VtyConnection, command: string, shape: z.ZodType<T>): Promise<T | undefined> {
  const { text } = await line.command(command);
  try {
    return shape.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
