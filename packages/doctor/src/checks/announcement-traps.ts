import type { ConfigTree } from '@routed/quagga';
import { type Check, defineCheck } from '../check.ts';
import { passesRouteMap, routeMapsOf, topLines } from '../facts/router-config.ts';
import { isOfRouter, readExports } from './announcement.ts';

/** Source: linux uapi rtnetlink.h, RTPROT_KERNEL; zebra does not learn those. */
const PROTOCOL_KERNEL = 2;

export const nestedPrefixesCheck = defineCheck<{
  readonly config: ConfigTree | undefined;
  /** IPv4 routes that zebra learns of the kernel. */
  readonly routes: readonly string[];
}>({
  id: 'announcement-nesting',
  title: 'OSPF announces no two prefixes with the same first address',
  read: async (host) => ({
    config: (await host.routers())?.config,
    routes: (await host.routes())
      .filter((route) => route.family === 4 && route.protocol !== PROTOCOL_KERNEL && !isOfRouter(route))
      .map(({ destination }) => destination),
  }),
  judge: ({ config, routes }) => {
    const exported = config === undefined ? [] : readExports(config).filter(({ protocol }) => protocol === 'OSPF');
    if (config === undefined || exported.length === 0) return [];
    const announced = [...new Set(routes)].filter((prefix) =>
      exported.some(({ routeMap, hasList }) => {
        if (hasList) return false;
        const length = Number(prefix.split('/')[1]);
        const route = { prefix, shortest: length, longest: length };
        return routeMap === undefined || passesRouteMap(config, routeMap, route) === 'all';
      }),
    );
    const byBase = new Map<string, string[]>();
    for (const prefix of announced) {
      const base = prefix.split('/')[0] ?? '';
      byBase.set(base, [...(byBase.get(base) ?? []), prefix]);
    }
    return [...byBase.values()]
      .filter((prefixes) => prefixes.length > 1)
      .map((prefixes) => ({
        severity: 'broken',
        found: `OSPF announces ${prefixes.join(' and ')}`,
        why: 'both need the same link-state id: one is not announced, and one stays on other hosts after both are gone',
        remedy: 'do not announce the shorter one, or reserve its first address (--aux-address)',
      }));
  },
});

export const importFilterCheck = defineCheck<ConfigTree | undefined>({
  id: 'router-import',
  title: "the router's import filter exists",
  read: async (host) => (await host.routers())?.config,
  judge: (config) => {
    if (config === undefined) return [];
    const known = routeMapsOf(config);
    return topLines(config).flatMap((line) => {
      const [, protocol, map] = /^ip(?:v6)? protocol (\S+) route-map (\S+)$/.exec(line) ?? [];
      if (protocol === undefined || map === undefined || known.has(map)) return [];
      return [
        {
          severity: 'warning' as const,
          found: `"${line}" names a route-map that does not exist`,
          why: `FRR 8.4 then installs all routes of ${protocol} in the kernel, and newer releases none: after an upgrade this host cannot reach containers of other hosts`,
          remedy: `define route-map ${map}, or delete the line`,
        },
      ];
    });
  },
});

export const announcementTrapsChecks: readonly Check[] = [nestedPrefixesCheck, importFilterCheck];
