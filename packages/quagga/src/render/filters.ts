import type { RouteMapEntry } from '../model/policy.ts';
import type { Dialect } from '../dialect.ts';
import type { ConfigBlock } from '../text/block.ts';
import { communityListName } from './communities.ts';
import type { NamedPrefixList, NamedRouteMap } from './policy.ts';

const IP = { ipv4: 'ip', ipv6: 'ipv6' } as const;

/** The as-path list of routes that no other AS has sent. */
export const LOCAL_ROUTES = 'LOCAL';

export function prefixListBlock(list: NamedPrefixList): ConfigBlock {
  const head = `${IP[list.family]} prefix-list ${list.name}`;
  const description = list.description === undefined ? [] : [`${head} description ${list.description}`];
  return { lines: [...description, ...list.entries.map((entry) => `${head} ${entry}`)] };
}

/** The as-path list, when one of the maps uses it. */
export function asPathBlock(maps: readonly NamedRouteMap[], dialect: Dialect): ConfigBlock {
  const used = maps.some((map) => map.entries.some((entry) => entry.match?.localRoutes === true));
  const line =
    dialect === 'frr'
      ? `bgp as-path access-list ${LOCAL_ROUTES} seq 5 permit ^$`
      : `ip as-path access-list ${LOCAL_ROUTES} permit ^$`;
  return { lines: used ? [line] : [] };
}

export function routeMapBlocks(map: NamedRouteMap): ConfigBlock[] {
  return map.entries.map((entry) => ({
    header: `route-map ${map.name} ${entry.action} ${entry.seq ?? 10}`,
    lines: entryLines(map, entry),
  }));
}

function entryLines({ name, family }: NamedRouteMap, entry: RouteMapEntry): string[] {
  const { match, set } = entry;
  const list = communityListName(name, entry.seq ?? 10);
  const lines: (string | false | undefined)[] = [
    entry.description !== undefined && `description ${entry.description}`,
    match?.localRoutes === true && `match as-path ${LOCAL_ROUTES}`,
    match?.prefixList !== undefined && `match ${IP[family]} address prefix-list ${match.prefixList}`,
    match?.community !== undefined && `match community ${list}`,
    match?.largeCommunity !== undefined && `match large-community ${list}`,
    match?.tag !== undefined && `match tag ${match.tag}`,
    match?.metric !== undefined && `match metric ${match.metric}`,
    set?.asPathPrepend !== undefined && `set as-path prepend ${set.asPathPrepend.join(' ')}`,
    set?.community !== undefined && `set community ${set.community.join(' ')} additive`,
    set?.largeCommunity !== undefined && `set large-community ${set.largeCommunity.join(' ')} additive`,
    set?.linkBandwidthMbps !== undefined && `set extcommunity bandwidth ${set.linkBandwidthMbps}`,
    set?.localPreference !== undefined && `set local-preference ${set.localPreference}`,
    set?.metric !== undefined && `set metric ${set.metric}`,
    set?.tag !== undefined && `set tag ${set.tag}`,
  ];
  return compact(lines);
}

/** The lines that a condition let through. */
export function compact(lines: readonly (string | false | undefined)[]): string[] {
  return lines.filter((line) => line !== false && line !== undefined);
}

/** `keyword value`, or nothing when the value is the default: the daemons drop such a line too. */
export function setting(
  keyword: string,
  value: number | string | undefined,
  standard?: number | string,
): string | false {
  return value !== undefined && value !== standard && `${keyword} ${value}`;
}
