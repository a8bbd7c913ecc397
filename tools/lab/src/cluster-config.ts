import { parseDocument, render } from '@routed/quagga';
import type { ClusterProtocol, ClusterTopology, PlannedNode } from './cluster-plan.ts';
import type { RouterConfig, RouterDaemon } from './router.ts';

export interface ClusterRouting {
  readonly topology: ClusterTopology;
  readonly protocol: ClusterProtocol;
  /** Container prefixes: the routers carry routes inside them and no other. */
  readonly containers: readonly string[];
}

/** The configuration of one node, as `quagga-config` renders it from a preset and what the preset cannot know. */
export function configure(node: PlannedNode, routing: ClusterRouting): RouterConfig {
  const { model } = parseDocument(describe(node, routing), 'frr');
  const { files, daemons } = render(model, 'frr');
  return { files, daemons };
}

function describe(node: PlannedNode, { topology, protocol, containers }: ClusterRouting): Record<string, unknown> {
  const identity = { hostname: node.name, routerId: node.routerId, containers };
  const interfaces = Object.fromEntries(node.links.map(({ name }) => [name, {}]));
  const bgp = { asn: node.asn, ...(node.kind === 'switch' ? { transit: true } : {}) };
  switch (protocol) {
    case 'ospf':
    case 'ospfv3':
      return { preset: topology === 'lan' ? 'lan' : 'p2p', ...identity, interfaces };
    case 'bgp': {
      const neighbors = node.links.flatMap((link) => link.neighbors);
      const peers = neighbors.map(({ address, asn }) => ({ address, remoteAs: asn }));
      return { preset: 'bgp-numbered', ...identity, bgp: { ...bgp, neighbors: peers } };
    }
    case 'bgp-unnumbered':
      return { preset: 'bgp-unnumbered', ...identity, interfaces, bgp };
  }
}

/** What vtysh is asked to see the sessions of a router, and how many of them must be up. */
export interface Sessions {
  readonly command: string;
  readonly isUp: RegExp;
  readonly count: number;
}

/** Of the daemons in this order: a second or so after BGP comes BFD, and until then nobody notices a silent death. */
const SESSIONS: readonly (readonly [RouterDaemon, command: string, isUp: RegExp])[] = [
  ['ospfd', 'show ip ospf neighbor json', /"(nbrState|state)":\s*"Full/g],
  ['ospf6d', 'show ipv6 ospf6 neighbor json', /"state":\s*"Full"/g],
  ['bgpd', 'show bgp summary json', /"state":\s*"Established"/g],
  ['bfdd', 'show bfd peers json', /"status":\s*"up"/g],
];

/** What the daemons of a node must have: whatever the protocol of the cluster, OSPF speaks one family by each of two daemons. */
export function sessionsOf(node: PlannedNode, daemons: readonly RouterDaemon[]): readonly Sessions[] {
  const count = node.links.reduce((sum, { neighbors }) => sum + neighbors.length, 0);
  return SESSIONS.filter(([daemon]) => daemons.includes(daemon)).map(([, command, isUp]) => ({ command, isUp, count }));
}

/** The containers' prefix when nothing else is said. */
export function defaultContainers(protocol: ClusterProtocol): readonly string[] {
  return protocol === 'ospfv3' ? ['fd00:1::/64'] : ['10.1.0.0/16'];
}
