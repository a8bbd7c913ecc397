/**
 * How Quagga 1.2 reads a file: line by line, in a node. What the node does not know is tried in the node around it,
 * which is then the current one. Source: Quagga lib/command.c, command_config_read_one_line, and the install_element
 * calls of each daemon; bgpd/bgp_vty.c has `redistribute` in BGP_NODE and BGP_IPV6_NODE only. `exit` at the top leaves
 * configuration mode: nothing after it is read.
 */
interface Node {
  readonly opens: RegExp;
  readonly lines: RegExp;
  readonly inside?: readonly Node[];
  /** What leaves it, where that is no plain `exit`. */
  readonly leave?: string;
}

const LISTS = '(ip|ipv6) prefix-list|access-list|ipv6 access-list|route-map';
const TOP = `hostname|password|enable password|log|service|line vty|${LISTS}`;

const ROUTE_MAP: Node = {
  opens: /^route-map \S+ (permit|deny) \d+$/,
  lines: /^(no )?(match|set|description|call|on-match|continue)\b/,
};
const interfaceNode = (lines: RegExp): Node => ({ opens: /^interface \S+$/, lines });

const BGP_FAMILY = 'neighbor|network|aggregate-address|maximum-paths';
const family = (name: string, lines: string): Node => ({
  opens: new RegExp(`^address-family ${name} unicast$`),
  lines: new RegExp(`^(no )?(${lines})\\b`),
  leave: 'exit-address-family',
});

interface Grammar {
  readonly top: RegExp;
  readonly nodes: readonly Node[];
}

const top = (more: string): RegExp => new RegExp(`^(no )?(${TOP}|${more})\\b`);

const GRAMMARS: Readonly<Record<string, Grammar>> = {
  zebra: {
    top: top('ip route|ipv6 route|ip protocol|ip forwarding|ipv6 forwarding|router-id|table'),
    nodes: [
      ROUTE_MAP,
      interfaceNode(/^(no )?(description|ip address|ipv6 address|ipv6 nd|bandwidth|shutdown|link-detect|multicast)\b/),
    ],
  },
  ospfd: {
    top: top('debug'),
    nodes: [
      ROUTE_MAP,
      interfaceNode(/^(no )?(ip ospf|ospf|description)\b/),
      {
        opens: /^router ospf$/,
        lines:
          /^(no )?(ospf|router-id|network|passive-interface|area|timers|redistribute|default-information|default-metric|distance|auto-cost|max-metric|log-adjacency-changes|neighbor|refresh|compatible|capability|distribute-list|mpls-te)\b/,
      },
    ],
  },
  ospf6d: {
    top: top('debug'),
    nodes: [
      ROUTE_MAP,
      interfaceNode(/^(no )?(ipv6 ospf6|description)\b/),
      {
        opens: /^router ospf6$/,
        lines:
          /^(no )?(router-id|redistribute|area \S+ (range|import-list|export-list|filter-list)|interface \S+ area|timers|auto-cost|stub-router|log-adjacency-changes|distance)\b/,
      },
    ],
  },
  bgpd: {
    top: top('ip as-path|ip community-list|ip extcommunity-list|debug|bgp multiple-instance'),
    nodes: [
      ROUTE_MAP,
      {
        opens: /^router bgp \d+$/,
        lines: /^(no )?(bgp|neighbor|network|aggregate-address|maximum-paths|redistribute|timers|distance)\b/,
        inside: [
          family('ipv4', `${BGP_FAMILY}|distance|bgp dampening`),
          family('ipv4 multicast', BGP_FAMILY),
          family('ipv6', `${BGP_FAMILY}|redistribute`),
        ],
      },
    ],
  },
};

/** The lines of a daemon's file that no node knows where they stand. */
export function refusedLines(daemon: string, text: string): string[] {
  const grammar = GRAMMARS[daemon];
  if (grammar === undefined) throw new Error(`nothing is known of ${daemon}`);
  let path: readonly Node[] = [];
  const refused: string[] = [];
  for (const line of text.split('\n').map((raw) => raw.trim())) {
    if (line === '' || /^[!#]/.test(line)) continue;
    const next = step(grammar, path, line);
    if (next === undefined) refused.push(line);
    else path = next;
  }
  return refused;
}

function step(grammar: Grammar, path: readonly Node[], line: string): readonly Node[] | undefined {
  const node = path.at(-1);
  const opened = (node === undefined ? grammar.nodes : (node.inside ?? [])).find(({ opens }) => opens.test(line));
  if (opened !== undefined) return [...path, opened];
  if (node === undefined) return grammar.top.test(line) ? [] : undefined;
  if (line === (node.leave ?? 'exit')) return path.slice(0, -1);
  return node.lines.test(line) ? path : step(grammar, path.slice(0, -1), line);
}
