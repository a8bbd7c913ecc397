import { expect } from 'chai';
import fc from 'fast-check';
import { concernsUplinks, forwardRules, type UplinkFacts, uplinkNames } from '../../src/index.ts';

const link = (index: number, name: string, more: Partial<UplinkFacts> = {}): UplinkFacts => ({
  index,
  name,
  mac: '02:00:00:00:00:01',
  isLoopback: false,
  ...more,
});
const noMac = (index: number, name: string, kind: string): UplinkFacts => ({ index, name, kind, isLoopback: false });

describe('uplinkNames', () => {
  it('takes network cards, tunnels, overlays and bonds', () => {
    const links = [
      link(9, 'eth0'),
      link(2, 'bond0', { kind: 'bond' }),
      noMac(3, 'wg0', 'wireguard'),
      noMac(4, 'tun0', 'tun'),
      link(5, 'vxlan7', { kind: 'vxlan' }),
    ];

    expect(uplinkNames(links)).to.deep.equal(['bond0', 'eth0', 'tun0', 'vxlan7', 'wg0']);
  });

  it('takes nothing that leads to something on this host', () => {
    const links = [
      link(1, 'lo', { isLoopback: true }),
      link(2, 'vethr0123456789', { kind: 'veth' }),
      link(3, 'veth12345', { kind: 'veth', masterIndex: 4 }),
      link(4, 'docker0', { kind: 'bridge' }),
      link(5, 'vnet0', { kind: 'tun', masterIndex: 6 }),
      link(6, 'virbr0', { kind: 'bridge' }),
      link(7, 'dummy0', { kind: 'dummy' }),
      link(8, 'nk0', { kind: 'netkit' }),
      link(9, 'cali1', { kind: 'veth' }),
      link(10, 'future0', { kind: 'kind-of-2030' }),
    ];

    expect(uplinkNames(links)).to.deep.equal([]);
  });

  it('takes a bridge only when one of its ports leads away', () => {
    const bridge = link(1, 'br0', { kind: 'bridge' });
    const veth = link(2, 'veth1', { kind: 'veth', masterIndex: 1 });
    const tap = link(3, 'vnet1', { kind: 'tun', masterIndex: 1 });
    const card = link(4, 'enp1s0', { masterIndex: 1 });

    expect(uplinkNames([bridge])).to.deep.equal([]);
    expect(uplinkNames([bridge, veth, tap])).to.deep.equal([]);
    expect(uplinkNames([bridge, veth, tap, card])).to.deep.equal(['br0', 'enp1s0']);
  });

  it('takes a VLAN where the link below leads, also in another namespace', () => {
    const card = link(1, 'eth0');
    const bridge = link(2, 'docker0', { kind: 'bridge' });
    const links = [
      card,
      bridge,
      link(3, 'eth0.100', { kind: 'vlan', peerIndex: 1 }),
      link(4, 'docker0.5', { kind: 'vlan', peerIndex: 2 }),
      link(5, 'shim', { kind: 'macvlan', peerIndex: 3 }),
      link(6, 'eth9', { kind: 'macvlan', peerIndex: 1, peerNetnsId: 0 }),
      link(7, 'lost', { kind: 'vlan', peerIndex: 99 }),
    ];

    expect(uplinkNames(links)).to.deep.equal(['eth0', 'eth0.100', 'eth9', 'shim']);
  });

  it("takes a veth with a network card's name: the host is a container", () => {
    expect(uplinkNames([link(2, 'eth1', { kind: 'veth', peerNetnsId: 0 })])).to.deep.equal(['eth1']);
  });

  it('leaves out names that iptables would read as something else', () => {
    expect(uplinkNames([link(2, 'eth+'), link(3, '-j'), link(4, 'e"h'), link(5, '!eth0')])).to.deep.equal([]);
  });

  it('ends with links in a circle', () => {
    const circle = [link(1, 'a', { kind: 'vlan', peerIndex: 2 }), link(2, 'b', { kind: 'vlan', peerIndex: 1 })];

    expect(uplinkNames(circle)).to.deep.equal([]);
  });

  it('never takes a bridge whose ports are veths and taps, whatever there is besides', () => {
    const kind = fc.constantFrom('bond', 'bridge', 'veth', 'tun', 'vlan', undefined);
    const others = fc.array(fc.record({ kind, index: fc.integer({ min: 10, max: 20 }) }), { maxLength: 8 });
    fc.assert(
      fc.property(others, fc.array(fc.constantFrom('veth', 'tun'), { maxLength: 4 }), (around, ports) => {
        const links = [
          link(1, 'docker0', { kind: 'bridge' }),
          ...ports.map((port, at) => link(30 + at, `veth${at}`, { kind: port, masterIndex: 1 })),
          ...around.map((other, at) =>
            link(other.index, `x${at}`, other.kind === undefined ? {} : { kind: other.kind }),
          ),
        ];

        return !uplinkNames(links).includes('docker0');
      }),
    );
  });
});

describe('concernsUplinks', () => {
  it("is true for everything but containers' veths", () => {
    expect(concernsUplinks({ kind: 'veth', name: 'veth1234' })).to.equal(false);
    expect(concernsUplinks({ kind: 'veth', name: 'eth0' })).to.equal(true);
    expect(concernsUplinks({ kind: 'bridge', name: 'br0' })).to.equal(true);
    expect(concernsUplinks({ name: 'enp1s0' })).to.equal(true);
  });
});

describe('forwardRules', () => {
  it('names every uplink once, behind the rules that most packets match', () => {
    expect(forwardRules('vethr', ['eth0'])).to.deep.equal([
      '-A ROUTED-FORWARD -o vethr+ -j ACCEPT',
      '-A ROUTED-FORWARD -i vethr+ -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
      '-A ROUTED-FORWARD -i vethr+ -o eth0 -j ACCEPT',
    ]);
  });
});
