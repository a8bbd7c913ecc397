import { expect } from 'chai';
import { planChanges, type PlanOptions } from '../../../src/plan/plan.ts';
import { commandsOf } from '../../../src/plan/plan.ts';
import type { DaemonName } from '../../../src/render/config.ts';
import { parseConfig } from '../../../src/text/parse.ts';

/** The lines a plan sends to one daemon, each with its effect. */
function plan(before: string, after: string, daemon: DaemonName, options: PlanOptions = {}): string[] {
  const changes = planChanges(
    new Map([[daemon, parseConfig(before)]]),
    new Map([[daemon, parseConfig(after)]]),
    options,
  );
  return changes.map((change) => `${change.effect}: ${commandsOf(change).slice(1, -1).join(' / ')}`);
}

describe('what a plan leaves alone', () => {
  const FOREIGN: [what: string, daemon: DaemonName, text: string][] = [
    ['an address', 'zebra', 'interface eth1\n ip address 10.0.0.1/24\nexit\n'],
    ['a static route', 'zebra', 'ip route 10.9.0.0/16 blackhole\n'],
    ['logging', 'zebra', 'log file /var/log/frr/frr.log\nlog syslog informational\n'],
    ['a password', 'zebra', 'password zebra\n'],
    ['a terminal', 'ospfd', 'line vty\n exec-timeout 0 0\nexit\n'],
    ['a distance', 'ospfd', 'router ospf\n distance 90\nexit\n'],
    ['redistribution that the model cannot say', 'ospfd', 'router ospf\n redistribute bgp\nexit\n'],
    ['another VRF', 'bgpd', 'router bgp 1 vrf RED\n neighbor 10.0.0.9 remote-as 2\nexit\n'],
    [
      'another address family',
      'bgpd',
      'router bgp 1\n address-family l2vpn evpn\n  advertise-all-vni\n exit-address-family\nexit\n',
    ],
    ['a BFD peer', 'bfdd', 'bfd\n peer 10.0.0.9\n  no shutdown\n exit\nexit\n'],
    ['a context that only later releases have', 'zebra', 'srv6 thing\n locators here\n  prefix fd00::/48\nexit\n'],
    [
      'a route map that such a line uses',
      'zebra',
      'route-map SRC permit 10\n set src 10.0.0.1\nexit\nip protocol bgp route-map SRC\n',
    ],
    ['a list that nothing uses', 'ospfd', 'ip prefix-list MINE seq 5 permit 10.0.0.0/8\n'],
  ];
  for (const [what, daemon, text] of FOREIGN)
    it(`${what} stays, unless everything is taken over, and then nobody calls it harmless`, () => {
      const keep = /router (ospf|bgp 1)\n/.exec(text)?.[0] ?? '';

      expect(plan(text, keep, daemon)).to.deep.equal([]);
      const taken = plan(text, keep, daemon, { takeOver: true });
      expect(taken).to.have.length.greaterThan(0);
      const isCosmetic = /^(log|password|line)/.test(text);
      if (!isCosmetic) expect(taken.join('\n')).to.match(/^(unknown|flaps|restart): /);
    });

  it('but a list of its own goes with the last line that uses it', () => {
    const used =
      'ip prefix-list OLD seq 5 permit 10.0.0.0/8\nroute-map OLD-MAP permit 10\n match ip address prefix-list OLD\nexit\n';
    const before = `${used}router bgp 1\n neighbor 10.0.0.2 remote-as 2\n address-family ipv4 unicast\n  neighbor 10.0.0.2 activate\n  neighbor 10.0.0.2 route-map OLD-MAP out\n exit-address-family\n`;
    const after = before.replace(used, '').replace('OLD-MAP', 'BGP-OUT');

    expect(plan(before, after, 'bgpd').slice(-2)).to.have.members([
      'unknown: no route-map OLD-MAP permit 10',
      'unknown: no ip prefix-list OLD seq 5 permit 10.0.0.0/8',
    ]);
  });

  it('and an entry of a route map that has no line is known, and goes too', () => {
    const map = 'route-map ALL permit 10\nexit\n';
    const neighbor =
      'router bgp 1\n address-family ipv4 unicast\n  neighbor G activate\n  neighbor G route-map ALL in\n exit-address-family\n';

    expect(plan(map + neighbor, map + neighbor, 'bgpd')).to.deep.equal([]);
    expect(plan(map + neighbor, neighbor.replace('ALL', 'IMPORT'), 'bgpd')).to.include(
      'unknown: no route-map ALL permit 10',
    );
  });

  it('and a line in whose place the model says something else is replaced', () => {
    expect(plan('log syslog informational\n', 'log syslog\n', 'zebra')).to.deep.equal(['hitless: log syslog']);
  });
});

describe('effects', () => {
  it('of a line that no rule knows: unknown, set or removed', () => {
    const line = 'router ospf\n ospf frobnicate 7\n';

    expect(plan('router ospf\n', line, 'ospfd')).to.deep.equal(['unknown: router ospf / ospf frobnicate 7']);
    expect(plan(line, 'router ospf\n', 'ospfd', { takeOver: true })).to.deep.equal([
      'unknown: router ospf / no ospf frobnicate 7',
    ]);
  });

  it('of losing an address: unknown', () => {
    expect(plan('interface eth1\n ip address 10.0.0.1/24\n', '', 'zebra', { takeOver: true })).to.deep.equal([
      'unknown: interface eth1 / no ip address 10.0.0.1/24',
    ]);
  });

  it('of maximum-paths: flaps, for routes are installed anew', () => {
    expect(plan('router ospf\n', 'router ospf\n maximum-paths 4\n', 'ospfd')).to.deep.equal([
      'flaps: router ospf / maximum-paths 4',
    ]);
  });

  it('of a guard that only warns: hitless; of one that ends sessions: flaps', () => {
    const family = (line: string): string =>
      `router bgp 1\n address-family ipv4 unicast\n  ${line}\n exit-address-family\n`;

    expect(
      [
        plan(
          family('neighbor G maximum-prefix 20000 restart 5'),
          family('neighbor G maximum-prefix 20000 warning-only'),
          'bgpd',
        )[0],
        plan(
          family('neighbor G maximum-prefix 20000 warning-only'),
          family('neighbor G maximum-prefix 20000 restart 5'),
          'bgpd',
        )[0],
      ].map((text) => text?.split(':')[0]),
    ).to.deep.equal(['hitless', 'flaps']);
  });
});
