/** How the hosts of a cluster are connected: one switch for all, or leaf and spine routers with wires between. */
export type ClusterTopology = 'lan' | 'leaf-spine';

/** What the routers speak. `bgp-unnumbered` needs wires, because a neighbor is whoever is at the other end. */
export type ClusterProtocol = 'ospf' | 'ospfv3' | 'bgp' | 'bgp-unnumbered';

/** A link of a planned node, and who is at the other end of it. */
export interface PlannedLink {
  readonly name: string;
  /** With prefix length; null where link-local addresses do. */
  readonly address: string | null;
  readonly neighbors: readonly { readonly address: string; readonly asn: number }[];
}

/** A host with containers, or a router between hosts. */
export interface PlannedNode {
  readonly name: string;
  readonly kind: 'host' | 'switch';
  readonly routerId: string;
  readonly asn: number;
  readonly links: readonly PlannedLink[];
}

/** Two ends of a wire, by node and link. */
export type PlannedWire = readonly [{ node: string; link: string }, { node: string; link: string }];

export interface ClusterPlan {
  readonly nodes: readonly PlannedNode[];
  /** None on a LAN. */
  readonly wires: readonly PlannedWire[];
}

export interface ClusterPlanOptions {
  readonly hosts: number;
  readonly topology: ClusterTopology;
  readonly protocol: ClusterProtocol;
  /** Of a leaf-spine fabric with two leaves. */
  readonly spines: number;
}

const firstAsn = 4_200_000_000;

/**
 * Names, addresses and neighbors of a cluster: pure.
 * @throws RangeError for a protocol that the topology cannot carry
 */
export function planCluster(options: ClusterPlanOptions): ClusterPlan {
  if (options.topology === 'leaf-spine') return planFabric(options);
  if (options.protocol === 'bgp-unnumbered') throw new RangeError('bgp-unnumbered needs the topology leaf-spine');
  const asnOf = (number: number): number => firstAsn + number;
  const addressOf = (number: number): string => `10.112.11.${number}`;
  const numbers = Array.from({ length: options.hosts }, (_, index) => index + 1);
  const nodes = numbers.map((number): PlannedNode => {
    const others = numbers.filter((other) => other !== number);
    const neighbors = others.map((other) => ({ address: addressOf(other), asn: asnOf(other) }));
    const link = { name: 'eth1', address: `${addressOf(number)}/24`, neighbors };
    return { name: `h${number}`, kind: 'host', routerId: addressOf(number), asn: asnOf(number), links: [link] };
  });
  return { nodes, wires: [] };
}

interface End {
  readonly node: string;
  readonly link: string;
  readonly address: string;
}

/** Hosts on two leaves, both leaves on every spine: from the first host to the last it is leaf, spine, leaf. */
function planFabric({ hosts, protocol, spines }: ClusterPlanOptions): ClusterPlan {
  const hostNames = named('h', hosts);
  const [leaves, spineNames] = [named('leaf', 2), named('spine', spines)];
  const onFirstLeaf = Math.ceil(hosts / 2);
  const pairs = [
    ...hostNames.map((host, index) => [host, index < onFirstLeaf ? 'leaf1' : 'leaf2'] as const),
    ...leaves.flatMap((leaf) => spineNames.map((spine) => [leaf, spine] as const)),
  ];
  const used = new Map<string, number>();
  const nextLink = (node: string): string => {
    used.set(node, (used.get(node) ?? 0) + 1);
    return `eth${used.get(node) ?? 0}`;
  };
  const wires = pairs.map(([one, other], index): readonly [End, End] => [
    { node: one, link: nextLink(one), address: `10.112.${index}.0` },
    { node: other, link: nextLink(other), address: `10.112.${index}.1` },
  ]);
  const names = [...hostNames, ...leaves, ...spineNames];
  const asnOf = (name: string): number => firstAsn + 1 + names.indexOf(name);
  const isNumbered = protocol === 'ospf' || protocol === 'bgp';
  const linkOf = (own: End, peer: End): PlannedLink => ({
    name: own.link,
    address: isNumbered ? `${own.address}/31` : null,
    neighbors: [{ address: peer.address, asn: asnOf(peer.node) }],
  });
  const nodes = names.map((name, index): PlannedNode => {
    const links = wires.flatMap(([one, other]) => [
      ...(one.node === name ? [linkOf(one, other)] : []),
      ...(other.node === name ? [linkOf(other, one)] : []),
    ]);
    const kind = hostNames.includes(name) ? 'host' : 'switch';
    return { name, kind, routerId: `10.255.0.${index + 1}`, asn: asnOf(name), links };
  });
  return { nodes, wires };
}

function named(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`);
}
