import { ROUTE_PROTOCOL } from '@routed/datapath';
import type { ConfigTree } from '@routed/quagga';
import { type Check, defineCheck, type Finding } from '../check.ts';
import { passesRouteMap, type RouteSet, sectionsOf } from '../facts/router-config.ts';
import type { HostView } from '../host-view.ts';

export interface AnnouncementFacts {
  /** Undefined: no router runs. */
  readonly config: ConfigTree | undefined;
  /** Prefixes of the containers: pools, or their very addresses where the daemon does not say. */
  readonly pools: readonly string[];
  /** What this host announces instead of the addresses inside; absent: nothing. */
  readonly blocks?: readonly string[];
  /** The kernel has a default route that zebra has not made. */
  readonly hasDefaultRoute: boolean;
}

/** One `redistribute` of kernel routes. */
export interface Export {
  readonly protocol: 'OSPF' | 'OSPFv3' | 'BGP';
  readonly family: 4 | 6;
  readonly routeMap?: string | undefined;
  /** A filter of another kind, which is not looked into. */
  readonly hasList: boolean;
}

const DEFAULT_ROUTE: RouteSet = { prefix: '0.0.0.0/0', shortest: 0, longest: 0 };

export const announcementCheck = defineCheck<AnnouncementFacts>({
  id: 'announcement',
  title: 'the router announces containers only',
  read: async (host) => ({
    config: (await host.routers())?.config,
    pools: await readPools(host),
    blocks: (await host.daemon())?.blocks.map(({ prefix }) => prefix) ?? [],
    hasDefaultRoute: (await host.routes()).some((route) => route.destination === '0.0.0.0/0' && !isOfRouter(route)),
  }),
  judge: ({ config, pools, blocks = [], hasDefaultRoute }) => {
    if (config === undefined || sectionsOf(config, /^router /).length === 0) return [];
    const exports = readExports(config);
    return [
      ...exports.flatMap((one) => judgeFilter(config, one, hasDefaultRoute)),
      ...exports.flatMap((one) => judgeBlocks(config, one, blocks)),
      ...([4, 6] as const).flatMap((family) => {
        const asked = pools.filter((pool) => pool.includes(':') === (family === 6));
        const ofFamily = exports.filter((one) => one.family === family);
        return judgeCoverage(config, family, ofFamily, asked);
      }),
    ];
  },
});

/** Whether zebra or one of its daemons made a route. Source: linux uapi rtnetlink.h, RTPROT_ZEBRA, and FRR's own from 186 on. */
export function isOfRouter({ protocol }: { readonly protocol: number }): boolean {
  return protocol === 11 || (protocol >= 186 && protocol <= 198);
}

function judgeFilter(config: ConfigTree, { protocol, routeMap, hasList }: Export, hasDefaultRoute: boolean): Finding[] {
  if (hasList) return [];
  if (routeMap !== undefined) {
    const isLeaking = passesRouteMap(config, routeMap, DEFAULT_ROUTE) === 'all';
    return protocol === 'BGP' && isLeaking ? [defaultLeak(`by route-map ${routeMap}`, hasDefaultRoute)] : [];
  }
  if (protocol === 'BGP') return [defaultLeak('without a filter', hasDefaultRoute)];
  return [
    {
      severity: 'warning',
      found: `${protocol} announces all kernel routes of this host ("redistribute kernel" without a route-map)`,
      why: "it also announces Docker's bridges, DHCP routes and VPN routes: two hosts announce 172.17.0.0/16",
      remedy:
        'add a route-map with a prefix-list of your pools, "ge 32"; "quagga-config init" shows one. Adding it to the running router interrupts nothing',
    },
  ];
}

function defaultLeak(how: string, hasDefaultRoute: boolean): Finding {
  return {
    severity: hasDefaultRoute ? 'broken' : 'warning',
    found: `BGP announces all kernel routes of this host ${how}, the default route too`,
    why: `${hasDefaultRoute ? 'this host announces its default route' : 'this host would announce a default route as soon as it has one'}, which attracts traffic of other hosts`,
    remedy: 'add a route-map with a prefix-list of your pools, "ge 32", to "redistribute kernel"',
  };
}

function judgeCoverage(
  config: ConfigTree,
  family: 4 | 6,
  exports: readonly Export[],
  pools: readonly string[],
): Finding[] {
  if (pools.length === 0) return [];
  if (exports.length === 0) {
    return [
      {
        severity: 'broken',
        found: `no routing daemon redistributes kernel routes of IPv${family}`,
        why: 'container routes are kernel routes: other hosts do not learn them',
        remedy: `add "redistribute kernel route-map …" to ${family === 4 ? 'router ospf or the IPv4 family of router bgp' : 'router ospf6 or the IPv6 family of router bgp'}`,
      },
    ];
  }
  return exports.flatMap((one) => judgePools(config, one, pools));
}

function judgePools(config: ConfigTree, one: Export, pools: readonly string[]): Finding[] {
  const { protocol, routeMap } = one;
  if (routeMap === undefined) return [];
  const length = one.family === 4 ? 32 : 128;
  const shareOf = (prefix: string) => passesRouteMap(config, routeMap, { prefix, shortest: length, longest: length });
  if (pools.every((pool) => shareOf(pool) === undefined)) {
    return [
      {
        severity: 'broken',
        found: `${protocol} redistributes kernel routes by route-map ${routeMap}, which does not exist`,
        why: 'nothing is announced, and no daemon reports an error',
        remedy: `define route-map ${routeMap}, or name an existing one`,
      },
    ];
  }
  const missed = pools.filter((pool) => shareOf(pool) === 'none');
  const partly = pools.filter((pool) => shareOf(pool) === 'some');
  const findings: Finding[] = [];
  if (missed.length > 0) {
    findings.push({
      severity: 'broken',
      found: `${protocol} does not announce containers in ${listed(missed)}: route-map ${routeMap} denies them`,
      why: 'other hosts cannot reach these containers; a missing prefix-list, or one without "ge 32", has the same effect',
      remedy: `add "permit ${missed[0] ?? ''} ge ${length}" to the prefix-list of route-map ${routeMap}; adding it to the running router interrupts nothing`,
    });
  }
  if (partly.length > 0) {
    findings.push({
      severity: 'warning',
      found: `${protocol} announces some of ${listed(partly)}: route-map ${routeMap} denies the rest`,
      why: 'other hosts can reach some of the containers only',
      remedy: `add "permit ${partly[0] ?? ''} ge ${length}" to the prefix-list of route-map ${routeMap}, unless that is intended`,
    });
  }
  return findings;
}

/** A filter for host routes keeps blocks back, and with them every address inside. */
function judgeBlocks(config: ConfigTree, { protocol, family, routeMap }: Export, blocks: readonly string[]): Finding[] {
  if (routeMap === undefined) return [];
  const isKept = (prefix: string): boolean => {
    const length = lengthOf(prefix);
    return passesRouteMap(config, routeMap, { prefix, shortest: length, longest: length }) === 'none';
  };
  const kept = blocks.filter((block) => block.includes(':') === (family === 6)).filter(isKept);
  const [first] = kept;
  if (first === undefined) return [];
  return [
    {
      severity: 'broken',
      found: `${protocol} does not announce blocks such as ${listed(kept)}: route-map ${routeMap} denies them`,
      why: 'other hosts cannot reach containers with addresses of these blocks: they are announced with their block only',
      remedy: `let "ge ${lengthOf(first)} le ${lengthOf(first)}" pass the prefix-list of route-map ${routeMap}, on every host and switch; or "routed-plugin network block NETWORK none"`,
    },
  ];
}

/** Every `redistribute` of kernel routes. `table` counts as one that lets everything in that table pass. */
export function readExports(config: ConfigTree): Export[] {
  return sectionsOf(config, /^router (ospf|ospf6|bgp)\b/).flatMap(({ path, lines }) => {
    const [header = '', context = ''] = path;
    const protocol = header.startsWith('router bgp') ? 'BGP' : header === 'router ospf6' ? 'OSPFv3' : 'OSPF';
    const family = protocol === 'OSPFv3' || context.startsWith('address-family ipv6') ? 6 : 4;
    const hasList = lines.some((line) => /^distribute-list \S+ out kernel/.test(line));
    return lines.flatMap((line): Export[] => {
      if (/^redistribute table/.test(line)) return [{ protocol, family, hasList: true }];
      if (!/^redistribute kernel\b/.test(line)) return [];
      return [{ protocol, family, routeMap: /route-map (\S+)/.exec(line)?.[1], hasList }];
    });
  });
}

async function readPools(host: HostView): Promise<string[]> {
  const daemon = await host.daemon();
  const known = daemon?.networks.flatMap(({ pools, prefixes }) => [...pools.map(({ prefix }) => prefix), ...prefixes]);
  if (known !== undefined) return [...new Set(known)];
  const links = new Set((await host.containerLinks()).map(({ index }) => index));
  return (await host.routes())
    .filter(({ protocol, linkIndex }) => protocol === ROUTE_PROTOCOL && links.has(linkIndex ?? 0))
    .map(({ destination }) => destination);
}

function lengthOf(prefix: string): number {
  return Number(prefix.split('/')[1]);
}

function listed(prefixes: readonly string[]): string {
  const shown = prefixes.slice(0, 3).join(', ');
  return prefixes.length > 3 ? `${shown} and ${prefixes.length - 3} more` : shown;
}

export const announcementChecks: readonly Check[] = [announcementCheck];
