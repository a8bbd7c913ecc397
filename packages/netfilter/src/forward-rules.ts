import type { Whereabouts } from './ruleset-damage.ts';

/** The chain that holds our rules, in the filter table of iptables and ip6tables. */
export const FORWARD_CHAIN = 'ROUTED-FORWARD';

/** Where our chain is called from: the end of it. */
export const FORWARD_JUMP: readonly string[] = ['FORWARD', '-j', FORWARD_CHAIN];

/** Where these rules are for nf_tables: it holds what Debian's iptables is told. */
export const FORWARD_PLACES: readonly Whereabouts[] = (['ip', 'ip6'] as const).map((family) => ({
  family,
  table: 'filter',
  chains: ['FORWARD', FORWARD_CHAIN],
}));

/**
 * The rules of the chain, in order, as `iptables -S` prints them. Pure.
 *
 * - Whatever goes to a container link passes: the containers are there to be reached, and their owners filter.
 * - Answers of containers pass, wherever they go: the first packet was accepted on its way in.
 * - What containers begin passes towards other hosts, by an uplink, and towards nothing else: links of bridge networks are
 *   left to those who made them.
 *
 * @param linkPrefix - start of the link names; iptables matches `prefix+`
 * @param uplinks - see `uplinkNames`
 */
export function forwardRules(linkPrefix: string, uplinks: readonly string[]): string[] {
  const from = `-A ${FORWARD_CHAIN} -i ${linkPrefix}+`;
  return [
    `-A ${FORWARD_CHAIN} -o ${linkPrefix}+ -j ACCEPT`,
    `${from} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
    ...uplinks.map((uplink) => `${from} -o ${uplink} -j ACCEPT`),
  ];
}
