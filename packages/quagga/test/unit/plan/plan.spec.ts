import { expect } from 'chai';
import { commandsOf, planChanges, worstEffect } from '../../../src/plan/plan.ts';
import type { VtyDaemon } from '../../../src/render/config.ts';
import { parseConfig } from '../../../src/text/parse.ts';
import type { RunningConfig } from '../../../src/vty/running.ts';

const running = (texts: Partial<Record<VtyDaemon, string>>): RunningConfig =>
  new Map(Object.entries(texts).map(([daemon, text]) => [daemon as VtyDaemon, parseConfig(text)]));

/** The lines a plan sends to one daemon, without entering and leaving configuration mode. */
function script(before: string, after: string, daemon: VtyDaemon = 'ospfd'): string[] {
  const changes = planChanges(running({ [daemon]: before }), running({ [daemon]: after }));
  return changes.map((change) => commandsOf(change).slice(1, -1).join(' / '));
}

const effect = (before: string, after: string, daemon: VtyDaemon = 'ospfd'): string =>
  worstEffect(planChanges(running({ [daemon]: before }), running({ [daemon]: after })));

const MAP = 'route-map EXPORT permit 10\n match ip address prefix-list CONTAINERS\nexit\n';
const LIST = 'ip prefix-list CONTAINERS seq 5 permit 10.112.0.0/12 ge 32\n';

describe('planChanges', () => {
  it('has nothing to do when nothing differs', () => {
    expect(
      script(`${LIST}${MAP}router ospf\n redistribute kernel\n`, `router ospf\n redistribute kernel\n!\n${MAP}${LIST}`),
    ).to.deep.equal([]);
  });

  it('calls a change of nexthop groups a restart: routes that are there keep theirs', () => {
    const line = 'no zebra nexthop kernel enable\n';
    expect(effect('', line, 'zebra')).to.equal('restart');
    expect(effect(line, '', 'zebra')).to.equal('hitless');
    expect(script(line, '', 'zebra')).to.deep.equal([]);
  });

  it('puts a filter on redistribute without ever withdrawing it, definitions first', () => {
    const lines = script(
      'router ospf\n redistribute kernel\n',
      `${LIST}${MAP}router ospf\n redistribute kernel route-map EXPORT\n`,
    );

    expect(lines).to.deep.equal([
      'ip prefix-list CONTAINERS seq 5 permit 10.112.0.0/12 ge 32',
      'route-map EXPORT permit 10 / match ip address prefix-list CONTAINERS',
      'router ospf / redistribute kernel route-map EXPORT',
    ]);
  });

  it('takes a filter off before removing its definition', () => {
    const lines = script(
      `${LIST}${MAP}router ospf\n redistribute kernel route-map EXPORT\n`,
      'router ospf\n redistribute kernel\n',
    );

    expect(lines[0]).to.equal('router ospf / redistribute kernel');
    expect(lines.slice(1)).to.have.members([
      'no route-map EXPORT permit 10',
      'no ip prefix-list CONTAINERS seq 5 permit 10.112.0.0/12 ge 32',
    ]);
  });

  it('rewrites a prefix list while the route map looks at a copy', () => {
    const lines = script(
      `${LIST}${MAP}`,
      `ip prefix-list CONTAINERS seq 5 permit 10.64.0.0/12 ge 32\nip prefix-list CONTAINERS seq 10 permit 10.112.0.0/12 ge 32\n${MAP}`,
    );

    expect(lines).to.deep.equal([
      'ip prefix-list CONTAINERS--NEXT seq 5 permit 10.64.0.0/12 ge 32',
      'ip prefix-list CONTAINERS--NEXT seq 10 permit 10.112.0.0/12 ge 32',
      'route-map EXPORT permit 10 / match ip address prefix-list CONTAINERS--NEXT',
      'no ip prefix-list CONTAINERS seq 5 permit 10.112.0.0/12 ge 32',
      'ip prefix-list CONTAINERS seq 5 permit 10.64.0.0/12 ge 32',
      'ip prefix-list CONTAINERS seq 10 permit 10.112.0.0/12 ge 32',
      'route-map EXPORT permit 10 / match ip address prefix-list CONTAINERS',
      'no ip prefix-list CONTAINERS--NEXT',
    ]);
  });

  it('adds an entry to a prefix list directly', () => {
    expect(
      script(`${LIST}${MAP}`, `${LIST}ip prefix-list CONTAINERS seq 10 permit 10.200.0.0/16 ge 32\n${MAP}`),
    ).to.deep.equal(['ip prefix-list CONTAINERS seq 10 permit 10.200.0.0/16 ge 32']);
  });

  it('removes a lost neighbor by one command, members before their group', () => {
    const before =
      'router bgp 1\n neighbor G peer-group\n neighbor G remote-as external\n neighbor G bfd\n neighbor 10.0.0.2 peer-group G\n neighbor eth1 interface peer-group G\n address-family ipv4 unicast\n  neighbor G activate\n exit-address-family\n';

    expect(script(before, 'router bgp 1\n', 'bgpd')).to.deep.equal([
      'router bgp 1 / no neighbor 10.0.0.2',
      'router bgp 1 / no neighbor eth1 interface',
      'router bgp 1 / no neighbor G peer-group',
    ]);
  });

  const chain = (...keys: [id: number, text: string][]): string =>
    `key chain OSPF-KEYS-eth1\n${keys.map(([id, text]) => ` key ${id}\n  key-string ${text}\n exit\n`).join('')}exit\n`;
  const CHAINED = 'interface eth1\n ip ospf authentication key-chain OSPF-KEYS-eth1\nexit\n';

  it('defines a key chain before it is used, and removes it afterwards', () => {
    expect(script('', `${chain([1, 'a'])}${CHAINED}`)).to.deep.equal([
      'key chain OSPF-KEYS-eth1',
      'key chain OSPF-KEYS-eth1 / key 1 / key-string a',
      'interface eth1 / ip ospf authentication key-chain OSPF-KEYS-eth1',
    ]);
    expect(script(`${chain([1, 'a'])}${CHAINED}`, '')).to.deep.equal([
      'interface eth1 / no ip ospf authentication',
      'no key chain OSPF-KEYS-eth1',
    ]);
  });

  it('replaces and removes single keys of a chain, also in mgmtd, where no interface uses it', () => {
    const [before, after] = [chain([1, 'a'], [2, 'b']), chain([2, 'c'])];

    for (const daemon of ['ospfd', 'mgmtd'] as const)
      expect(script(before, after, daemon)).to.deep.equal([
        'key chain OSPF-KEYS-eth1 / key 2 / key-string c',
        'key chain OSPF-KEYS-eth1 / no key 1',
      ]);
    expect(script(before, '', 'mgmtd')).to.deep.equal(['no key chain OSPF-KEYS-eth1']);
  });

  it('leaves a key chain alone that is not its own', () => {
    expect(script(chain([1, 'a']).replace('OSPF-KEYS-eth1', 'RIP'), '')).to.deep.equal([]);
  });

  it('does not remove a route map entry whose action only changed', () => {
    expect(script('route-map A permit 10\n match tag 7\n', 'route-map A deny 10\n match tag 7\n')).to.deep.equal([
      'route-map A deny 10 / match tag 7',
    ]);
  });

  it('leaves daemons alone that do not run', () => {
    expect(planChanges(new Map(), running({ ospfd: 'router ospf\n' }))).to.deep.equal([]);
  });
});

describe('effects', () => {
  const ospf = (line: string): string => `router ospf\n ${line}\n`;
  const eth1 = (line: string): string => `interface eth1\n ${line}\n`;

  it('of a policy change: unknown, as long as nobody has looked at the routes', () => {
    expect(effect(ospf('redistribute kernel'), ospf('redistribute kernel metric 5'))).to.equal('unknown');
  });

  it('of losing redistribute: flaps', () => {
    expect(effect(ospf('redistribute kernel'), 'router ospf\n')).to.equal('flaps');
  });

  it('of a hello interval, an area or a key: flaps', () => {
    expect(
      [eth1('ip ospf hello-interval 2'), eth1('ip ospf area 0.0.0.1'), eth1('ip ospf message-digest-key 1 md5 x')].map(
        (line) => effect('', line),
      ),
    ).to.deep.equal(['flaps', 'flaps', 'flaps']);
  });

  it('of the maximum metric: hitless', () => {
    const line = ospf('max-metric router-lsa administrative');

    expect(effect('router ospf\n', line)).to.equal('hitless');
    expect(effect(line, 'router ospf\n')).to.equal('hitless');
  });

  it('of a router id, a profile or an AS number: restart', () => {
    expect(effect(ospf('ospf router-id 1.1.1.1'), ospf('ospf router-id 1.1.1.2'))).to.equal('restart');
    expect(effect('frr defaults traditional\n', 'frr defaults datacenter\n')).to.equal('restart');
    expect(effect('router bgp 1\n bgp router-id 1.1.1.1\n', 'router bgp 2\n bgp router-id 1.1.1.1\n', 'bgpd')).to.equal(
      'restart',
    );
  });

  it('of dropping a metric in bgpd: flaps, for it cannot be overwritten', () => {
    const family = (line: string): string =>
      `router bgp 1\n address-family ipv4 unicast\n  ${line}\n exit-address-family\n`;

    expect(
      effect(family('redistribute kernel metric 5 route-map E'), family('redistribute kernel route-map E'), 'bgpd'),
    ).to.equal('flaps');
    expect(
      effect(family('redistribute kernel route-map E'), family('redistribute kernel metric 5 route-map E'), 'bgpd'),
    ).to.equal('unknown');
  });
});
