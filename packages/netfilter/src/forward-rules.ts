import type { Whereabouts } from './ruleset-damage.ts';

/** The chain that holds our rules, in the filter table of iptables and ip6tables, unless another name is given. */
export const FORWARD_CHAIN = 'ROUTED-FORWARD';

/** Where the chain is called from: the end of it. */
export function forwardJump(chain: string): readonly string[] {
  return ['FORWARD', '-j', chain];
}

/** Where these rules are for nf_tables: it holds what Debian's iptables is told. */
export function forwardPlaces(chain: string): readonly Whereabouts[] {
  return (['ip', 'ip6'] as const).map((family) => ({ family, table: 'filter', chains: ['FORWARD', chain] }));
}

/**
 * The rules of the chain, in order, as `iptables -S` prints them. Pure.
 *
 * - Whatever goes to a container link passes: the containers are there to be reached, and their owners filter.
 * - Answers of containers pass, wherever they go: the first packet was accepted on its way in.
 * - What containers begin passes towards other hosts, by an uplink, and towards nothing else: links of bridge networks are
 *   left to those who made them.
 *
 * - Packets with the mark of another host's connections pass, while this host sends such on: see `ConnectionMarks`.
 *
 * @param linkPrefix - start of the link names; iptables matches `prefix+`
 * @param uplinks - see `uplinkNames`
 * @param passedMark - bits of the mark of packets that pass from uplink to uplink; absent: none do
 * @param chain - the chain that holds them
 */
export function forwardRules(
  linkPrefix: string,
  uplinks: readonly string[],
  passedMark?: number,
  chain: string = FORWARD_CHAIN,
): string[] {
  const from = `-A ${chain} -i ${linkPrefix}+`;
  return [
    `-A ${chain} -o ${linkPrefix}+ -j ACCEPT`,
    `${from} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
    ...uplinks.map((uplink) => `${from} -o ${uplink} -j ACCEPT`),
    ...(passedMark === undefined ? [] : [passingRule(chain, passedMark)]),
  ];
}

function passingRule(chain: string, bits: number): string {
  const hex = `0x${bits.toString(16)}`;
  return `-A ${chain} -m mark --mark ${hex}/${hex} -j ACCEPT`;
}
