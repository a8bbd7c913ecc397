import { parsePrefix, prefixesOverlap } from '@routed/ipam';
import type { ConfigSection, ConfigTree } from '@routed/quagga';

/** How many of some routes pass: all, none, or some or nobody knows. */
export type Share = 'all' | 'none' | 'some';

/** Routes inside of a prefix with lengths from a range: a pool's host routes, or the default route alone. */
export interface RouteSet {
  readonly prefix: string;
  readonly shortest: number;
  readonly longest: number;
}

/** The sections whose path starts with headers of this form. */
export function sectionsOf(config: ConfigTree, header: RegExp): ConfigSection[] {
  return [...config.values()].filter(({ path }) => header.test(path[0] ?? ''));
}

/** The lines of a context that match. */
export function linesOf(config: ConfigTree, header: RegExp, line: RegExp): RegExpExecArray[] {
  return sectionsOf(config, header)
    .flatMap(({ lines }) => lines)
    .map((text) => line.exec(text))
    .filter((found) => found !== null);
}

/** The top level of a configuration. */
export function topLines(config: ConfigTree): readonly string[] {
  return config.get('')?.lines ?? [];
}

/** The names of all route-maps. */
export function routeMapsOf(config: ConfigTree): ReadonlySet<string> {
  const headers = sectionsOf(config, /^route-map /).map(({ path }) => path[0] ?? '');
  return new Set(headers.flatMap((header) => /^route-map (\S+) (?:permit|deny) \d+$/.exec(header)?.[1] ?? []));
}

/** Which of the routes a route-map lets pass; undefined: there is no such map, and then nothing passes. */
export function passesRouteMap(config: ConfigTree, name: string, routes: RouteSet): Share | undefined {
  const entries = sectionsOf(config, /^route-map /).flatMap(({ path, lines }) => {
    const [, map, action, sequence] = /^route-map (\S+) (permit|deny) (\d+)$/.exec(path[0] ?? '') ?? [];
    return map === name ? [{ action, sequence: Number(sequence), lines }] : [];
  });
  const ordered = entries.sort((one, other) => one.sequence - other.sequence);
  if (ordered.length === 0) return undefined;
  return combine(
    ordered.map(({ action, lines }) => ({ isPermit: action === 'permit', share: matches(config, lines, routes) })),
  );
}

/** Which of the routes the conditions of one entry match. */
function matches(config: ConfigTree, lines: readonly string[], routes: RouteSet): Share {
  const shares = lines
    .filter((line) => line.startsWith('match '))
    .map((line): Share => {
      const list = /^match (?:ip|ipv6) address prefix-list (\S+)$/.exec(line)?.[1];
      return list === undefined ? 'some' : passesPrefixList(config, list, routes);
    });
  if (shares.includes('none')) return 'none';
  return shares.includes('some') ? 'some' : 'all';
}

/** Which of the routes a prefix-list permits; none when there is no such list. */
export function passesPrefixList(config: ConfigTree, name: string, routes: RouteSet): Share {
  const family = routes.prefix.includes(':') ? 'ipv6' : 'ip';
  const entries = topLines(config).flatMap((line) => {
    const found = /^(ip|ipv6) prefix-list (\S+)(?: seq (\d+))? (permit|deny) (\S+)(?: ge (\d+))?(?: le (\d+))?/.exec(
      line,
    );
    if (found?.[1] !== family || found[2] !== name) return [];
    const [, , , sequence, action, prefix = '', ge, le] = found;
    return [{ sequence: Number(sequence ?? 0), isPermit: action === 'permit', share: covers(prefix, ge, le, routes) }];
  });
  return combine(entries.sort((one, other) => one.sequence - other.sequence));
}

function covers(text: string, ge: string | undefined, le: string | undefined, routes: RouteSet): Share {
  const full = routes.prefix.includes(':') ? 128 : 32;
  const any = full === 128 ? '::/0' : '0.0.0.0/0';
  const prefix = parsePrefix(text === 'any' ? any : text);
  const wanted = parsePrefix(routes.prefix);
  if (!prefixesOverlap(prefix, wanted)) return 'none';
  const shortest = ge === undefined ? prefix.length : Number(ge);
  const longest = longestOf(text, prefix.length, full, ge, le);
  if (longest < routes.shortest || shortest > routes.longest) return 'none';
  const isInside = prefix.first <= wanted.first && wanted.last <= prefix.last;
  return isInside && shortest <= routes.shortest && longest >= routes.longest ? 'all' : 'some';
}

/** Source: FRR lib/plist.c: `ge` alone means up to the full length, neither means this length alone. */
function longestOf(text: string, length: number, full: number, ge: string | undefined, le: string | undefined): number {
  if (le !== undefined) return Number(le);
  return ge === undefined && text !== 'any' ? length : full;
}

/** The first entry that matches decides; what none matches is denied. */
function combine(entries: readonly { readonly isPermit: boolean; readonly share: Share }[]): Share {
  let isPartlyPermitted = false;
  let isPartlyDenied = false;
  for (const { isPermit, share } of entries) {
    if (share === 'none') continue;
    if (share === 'all' && isPermit) return isPartlyDenied ? 'some' : 'all';
    if (share === 'all') return isPartlyPermitted ? 'some' : 'none';
    if (isPermit) isPartlyPermitted = true;
    else isPartlyDenied = true;
  }
  return isPartlyPermitted ? 'some' : 'none';
}
