/**
 * How Quagga 1.2 reads a file of bgpd: line by line, in a node. What the node does not know is tried in the node around
 * it, which is then the current one. Source: Quagga lib/command.c, command_config_read_one_line, and the
 * install_element calls of bgpd/bgp_vty.c and bgp_route.c: `redistribute` is in BGP_NODE and BGP_IPV6_NODE only.
 */
const FAMILY_LINES = {
  ipv4: /^(no )?(neighbor|network|aggregate-address|maximum-paths|distance|bgp dampening)\b/,
  ipv6: /^(no )?(neighbor|network|aggregate-address|maximum-paths|redistribute)\b/,
};
const ROUTER_LINES =
  /^(no )?(bgp|neighbor|network|aggregate-address|maximum-paths|redistribute|timers|distance|address-family)\b/;
/** Everything that may stand at top level or in a context other than `router bgp`. */
const OTHER_LINES =
  /^(no )?(router bgp|hostname|password|enable password|log|access-list|(ip|ipv6) prefix-list|ip as-path|ip community-list|route-map|match|set|description|call|on-match)\b/;

type Node = 'top' | 'router' | 'ipv4' | 'ipv6';

/** The lines of a bgpd.conf that no node knows where they stand. */
export function refusedByBgpd(text: string): string[] {
  let node: Node = 'top';
  const refused: string[] = [];
  for (const line of text.split('\n').map((raw) => raw.trim())) {
    if (line === '' || line.startsWith('!')) continue;
    const next = step(node, line);
    if (next === undefined) refused.push(line);
    else node = next;
  }
  return refused;
}

function step(node: Node, line: string): Node | undefined {
  if (node === 'ipv4' || node === 'ipv6') {
    if (line === 'exit-address-family') return 'router';
    return FAMILY_LINES[node].test(line) ? node : step('router', line);
  }
  if (node === 'router') {
    const family = /^address-family (ipv4|ipv6) unicast$/.exec(line)?.[1];
    if (family === 'ipv4' || family === 'ipv6') return family;
    return ROUTER_LINES.test(line) ? node : step('top', line);
  }
  if (/^router bgp \d+$/.test(line)) return 'router';
  return OTHER_LINES.test(line) ? 'top' : undefined;
}
