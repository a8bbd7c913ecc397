import { expect } from 'chai';
import { sessionsOf } from '../../src/cluster-config.ts';
import { planCluster } from '../../src/cluster-plan.ts';

describe('planCluster', () => {
  it('makes everybody on a LAN a neighbor of everybody', () => {
    const { nodes, wires } = planCluster({ hosts: 3, topology: 'lan', protocol: 'bgp', spines: 1 });

    expect(wires).to.deep.equal([]);
    expect(nodes.map(({ name }) => name)).to.deep.equal(['h1', 'h2', 'h3']);
    expect(nodes[1]?.links).to.deep.equal([
      {
        name: 'eth1',
        address: '10.112.11.2/24',
        neighbors: [
          { address: '10.112.11.1', asn: 4_200_000_001 },
          { address: '10.112.11.3', asn: 4_200_000_003 },
        ],
      },
    ]);
  });

  it('puts leaf, spine and leaf between the first host and the last', () => {
    const { nodes, wires } = planCluster({ hosts: 3, topology: 'leaf-spine', protocol: 'bgp', spines: 2 });

    expect(wires.map(([one, other]) => `${one.node}:${one.link} ${other.node}:${other.link}`)).to.deep.equal([
      'h1:eth1 leaf1:eth1',
      'h2:eth1 leaf1:eth2',
      'h3:eth1 leaf2:eth1',
      'leaf1:eth3 spine1:eth1',
      'leaf1:eth4 spine2:eth1',
      'leaf2:eth2 spine1:eth2',
      'leaf2:eth3 spine2:eth2',
    ]);
    expect(nodes.filter(({ kind }) => kind === 'switch').map(({ name }) => name)).to.deep.equal([
      'leaf1',
      'leaf2',
      'spine1',
      'spine2',
    ]);
  });

  it('gives both ends of a wire addresses of one /31, each the neighbor of the other', () => {
    const { nodes } = planCluster({ hosts: 2, topology: 'leaf-spine', protocol: 'bgp', spines: 1 });
    const [host, leaf] = ['h1', 'leaf1'].map((name) => nodes.find((node) => node.name === name));

    expect(host?.links).to.deep.equal([
      { name: 'eth1', address: '10.112.0.0/31', neighbors: [{ address: '10.112.0.1', asn: leaf?.asn }] },
    ]);
    expect(leaf?.links[0]).to.deep.equal({
      name: 'eth1',
      address: '10.112.0.1/31',
      neighbors: [{ address: '10.112.0.0', asn: host?.asn }],
    });
  });

  for (const protocol of ['bgp-unnumbered', 'ospfv3'] as const) {
    it(`gives the wires of ${protocol} no addresses`, () => {
      const { nodes } = planCluster({ hosts: 3, topology: 'leaf-spine', protocol, spines: 1 });

      expect(nodes.flatMap(({ links }) => links.map(({ address }) => address)).filter(Boolean)).to.deep.equal([]);
    });
  }

  it('gives every node a router id and an AS of its own', () => {
    const { nodes } = planCluster({ hosts: 5, topology: 'leaf-spine', protocol: 'bgp', spines: 2 });

    expect(new Set(nodes.map(({ routerId }) => routerId))).to.have.property('size', nodes.length);
    expect(new Set(nodes.map(({ asn }) => asn))).to.have.property('size', nodes.length);
  });

  it('refuses BGP unnumbered on a LAN', () => {
    const plan = (): unknown => planCluster({ hosts: 3, topology: 'lan', protocol: 'bgp-unnumbered', spines: 1 });

    expect(plan).to.throw(RangeError, 'bgp-unnumbered needs the topology leaf-spine');
  });
});

describe('the sessions that a cluster waits for', () => {
  const plan = planCluster({ hosts: 3, topology: 'lan', protocol: 'ospfv3', spines: 1 });
  const commands = (...daemons: Parameters<typeof sessionsOf>[1]): string[] =>
    sessionsOf(plan.nodes[0]!, daemons).map(({ command, count }) => `${command}: ${count}`);

  it('are those of every daemon that runs, of both families', () => {
    expect(commands('zebra', 'ospf6d', 'ospfd')).to.deep.equal([
      'show ip ospf neighbor json: 2',
      'show ipv6 ospf6 neighbor json: 2',
    ]);
  });

  it('are those of BFD after those of BGP', () => {
    expect(commands('bfdd', 'bgpd')).to.deep.equal(['show bgp summary json: 2', 'show bfd peers json: 2']);
  });
});
