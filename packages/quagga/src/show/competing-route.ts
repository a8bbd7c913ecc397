/** One way to whoever announces an address. */
export interface Way {
  readonly gateway?: string | undefined;
  readonly link?: string | undefined;
}

/** Others that announce an address of this host, as the router heard of them by one protocol. */
export interface CompetingRoute {
  /** As the kernel's routes name it: `ospf`, `bgp`. */
  readonly protocol: string;
  readonly ways: readonly Way[];
  /** Who they are: router ids, or AS numbers. Empty: the protocol does not say. */
  readonly routers: readonly string[];
  /** Whether this host comes before all of them, so that the address stays with it; undefined: not known. */
  readonly isBehindUs: boolean | undefined;
}

/** The route to a rival as `ip route` writes it, and who it is. */
export function describeCompetingRoute({ protocol, ways, routers }: CompetingRoute): string {
  const hops = ways.map(({ gateway, link }) =>
    [...(gateway === undefined ? [] : [`via ${gateway}`]), ...(link === undefined ? [] : [`dev ${link}`])].join(' '),
  );
  const route = `route ${[...new Set(hops), `proto ${protocol}`].join(' ')}`;
  return routers.length === 0 ? route : `${route}, from ${routers.join(' and ')}`;
}

/** An IPv4-like router id, or an AS number, as a number that can be compared. */
export function rankOf(id: string | number): number {
  if (typeof id === 'number') return id;
  return id.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
}

/** Whether the own id is lower than all others; undefined when somebody has the same, or nobody is there. */
export function isLowest(own: string | number, others: readonly (string | number)[]): boolean | undefined {
  const ranks = others.map(rankOf);
  if (ranks.length === 0 || ranks.includes(rankOf(own))) return undefined;
  return ranks.every((rank) => rankOf(own) < rank);
}
