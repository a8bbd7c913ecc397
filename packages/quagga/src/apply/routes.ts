import { z } from 'zod';
import { type Candidate, candidate } from '../plan/policy.ts';
import type { KnownRoutes } from '../plan/withdrawals.ts';
import type { Afi } from '../prefix.ts';
import type { DaemonLines, RunningConfig } from '../vty/running.ts';
import type { VtyConnection } from '../vty/connection.ts';

// Source: FRR zebra/zebra_vty.c, vty_show_ip_route.
const zebraReply = z.record(z.string(), z.array(z.object({ tag: z.number().optional() })));
// Source: FRR bgpd/bgp_route.c, bgp_show_table and route_vty_out.
const bgpReply = z.object({
  routes: z.record(z.string(), z.array(z.object({ path: z.string().optional(), weight: z.number().optional() }))),
});

const IP: Readonly<Record<Afi, string>> = { ipv4: 'ip', ipv6: 'ipv6' };
const FAMILIES = ['ipv4', 'ipv6'] as const;
/** The weight of a route that bgpd itself brought in. Source: FRR bgpd/bgpd.h, BGP_ATTR_DEFAULT_WEIGHT. */
const OWN_WEIGHT = 32_768;

/**
 * Reads the routes that policies may withdraw: of zebra those that are redistributed or filtered on their way into the
 * kernel, of bgpd those of its neighbors. About 0.15 s for 5,000 routes.
 * @throws {@link QuaggaError} `VTY_FAILED` when a daemon does not answer
 */
export async function readRoutes(daemons: DaemonLines, ...configs: readonly RunningConfig[]): Promise<KnownRoutes> {
  const bySource = new Map<string, readonly Candidate[]>();
  const learnt = new Map<Afi, readonly Candidate[]>();
  const [zebra, bgpd] = [daemons.get('zebra'), daemons.get('bgpd')];
  for (const family of FAMILIES) {
    for (const source of zebra === undefined ? [] : sourcesIn(configs))
      bySource.set(`${family} ${source}`, await routesOf(zebra, family, source));
    if (bgpd !== undefined) learnt.set(family, await learntBy(bgpd, family));
  }
  return {
    of: (source, family) => bySource.get(`${family} ${source}`) ?? [],
    learntByBgp: (family) => learnt.get(family) ?? [],
  };
}

/** Sources that are other routers. */
const LEARNT = /^(ospf6?|bgp)$/;

/**
 * The prefixes that this router has by itself and redistributes, whatever a policy says of them.
 * @throws {@link QuaggaError} `VTY_FAILED` when a daemon does not answer
 */
export async function readOwnRoutes(
  daemons: DaemonLines,
  ...configs: readonly RunningConfig[]
): Promise<ReadonlySet<string>> {
  const zebra = daemons.get('zebra');
  const own = new Set<string>();
  for (const source of [...sourcesIn(configs)].filter((one) => !LEARNT.test(one)))
    for (const family of FAMILIES)
      for (const { text } of zebra === undefined ? [] : await routesOf(zebra, family, source)) own.add(text);
  return own;
}

/** Where redistribution and the kernel's filters take routes from. */
function sourcesIn(configs: readonly RunningConfig[]): Set<string> {
  const trees = configs.flatMap((config) => [...config.values()]);
  const lines = trees.flatMap((tree) => [...tree.values()].flatMap((section) => section.lines));
  return new Set(lines.flatMap((line) => /^(?:redistribute|(?:ip|ipv6) protocol) (\w+)/.exec(line)?.[1] ?? []));
}

async function routesOf(zebra: VtyConnection | undefined, family: Afi, source: string): Promise<Candidate[]> {
  const found = zebraReply.safeParse(await ask(zebra, `show ${IP[family]} route ${source} json`)).data ?? {};
  return Object.entries(found).map(([text, [first]]) =>
    candidate(text, first?.tag === undefined ? {} : { tag: first.tag }),
  );
}

async function learntBy(bgpd: VtyConnection, family: Afi): Promise<Candidate[]> {
  const found = bgpReply.safeParse(await ask(bgpd, `show bgp ${family} unicast json`)).data?.routes ?? {};
  return Object.entries(found).flatMap(([text, paths]) => {
    const foreign = paths.filter(({ weight }) => weight !== OWN_WEIGHT);
    return foreign.length === 0 ? [] : [candidate(text, { isLocal: foreign.some(({ path }) => path === '') })];
  });
}

async function ask(line: VtyConnection | undefined, command: string): Promise<unknown> {
  const { text = '' } = (await line?.command(command)) ?? {};
  try {
    return JSON.parse(text);
  } catch {
    // A source or family that this release does not know has no routes.
    return undefined;
  }
}
