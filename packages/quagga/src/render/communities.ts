import type { ConfigBlock } from '../text/block.ts';
import type { NamedRouteMap } from './policy.ts';

/** By their numbers. Source: RFC 1997, RFC 7999, RFC 8326; FRR bgpd/bgp_community.h. */
const WELL_KNOWN: Readonly<Record<string, string>> = {
  'graceful-shutdown': '65535:0',
  blackhole: '65535:666',
  'no-export': '65535:65281',
  'no-advertise': '65535:65282',
  'local-AS': '65535:65283',
};
const NAMES = new Map(Object.entries(WELL_KNOWN).map(([name, number]) => [number, name]));

function compareParts(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split(':').map(Number));
  const at = left?.findIndex((part, index) => part !== right?.[index]) ?? -1;
  return (left?.[at] ?? 0) - (right?.[at] ?? 0);
}

/** Each once, in ascending order and by name, as the daemons print a list. Source: FRR bgpd/bgp_community.c, community_uniq_sort. */
function canonical(communities: readonly string[]): string {
  const numbers = communities.map((text) => {
    const number = WELL_KNOWN[text] ?? text;
    return number.split(':').map(Number).join(':');
  });
  return [...new Set(numbers)]
    .sort(compareParts)
    .map((number) => NAMES.get(number) ?? number)
    .join(' ');
}

/** The name of the lists that an entry of a map matches. */
export function communityListName(map: string, seq: number): string {
  return `${map}-${seq}`;
}

/** What the entries of these maps match by community. */
export function communityBlock(maps: readonly NamedRouteMap[]): ConfigBlock {
  const lines = maps.flatMap(({ name, entries }) =>
    entries.flatMap(({ seq = 10, match }) => {
      const list = (kind: string, communities: readonly string[] | undefined): string[] =>
        communities === undefined
          ? []
          : [`bgp ${kind}-list standard ${communityListName(name, seq)} seq 5 permit ${canonical(communities)}`];
      return [...list('community', match?.community), ...list('large-community', match?.largeCommunity)];
    }),
  );
  return { lines };
}
