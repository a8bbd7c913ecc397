import { parseDocument, render } from '@routed/quagga';
import type { ClusterProtocol, ClusterTopology, PlannedNode } from './cluster-plan.ts';
import type { RouterConfig } from './router.ts';

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

export function sessionsOf(node: PlannedNode, protocol: ClusterProtocol): readonly Sessions[] {
  const count = node.links.reduce((sum, { neighbors }) => sum + neighbors.length, 0);
  switch (protocol) {
    case 'ospf':
      return [{ command: 'show ip ospf neighbor json', isUp: /"(nbrState|state)":\s*"Full/g, count }];
    case 'ospfv3':
      return [{ command: 'show ipv6 ospf6 neighbor json', isUp: /"state":\s*"Full"/g, count }];
    case 'bgp':
    case 'bgp-unnumbered':
      return [
        { command: 'show bgp summary json', isUp: /"state":\s*"Established"/g, count },
        // A second or so later than BGP: until then nobody notices a silent death.
        { command: 'show bfd peers json', isUp: /"status":\s*"up"/g, count },
      ];
  }
}

/** The containers' prefix when nothing else is said. */
export function defaultContainers(protocol: ClusterProtocol): readonly string[] {
  return protocol === 'ospfv3' ? ['fd00:1::/64'] : ['10.1.0.0/16'];
}
