import { expect } from 'chai';
import { planChanges, worstEffect } from '../../../src/plan/plan.ts';
import { candidate } from '../../../src/plan/policy.ts';
import { type KnownRoutes, describeWithdrawal, judgePolicies, withdrawals } from '../../../src/plan/withdrawals.ts';
import type { DaemonName } from '../../../src/render/config.ts';
import { parseConfig } from '../../../src/text/parse.ts';

interface World {
  readonly kernel?: readonly string[];
  readonly ospf?: readonly string[];
  readonly learnt?: readonly string[];
}

const isIpv6 = (text: string): boolean => text.includes(':');

function knownRoutes({ kernel = [], ospf = [], learnt = [] }: World): KnownRoutes {
  const sources: Record<string, readonly string[]> = { kernel, ospf };
  const all = Object.entries(sources).map(([source, list]) => [source, list.map((text) => candidate(text))] as const);
  const foreign = learnt.map((text) => candidate(text, { isLocal: false }));
  return {
    of: (source, family) =>
      all
        .flatMap(([name, list]) => (name === source ? list : []))
        .filter(({ text }) => isIpv6(text) === (family === 'ipv6')),
    learntByBgp: (family) => foreign.filter(({ text }) => isIpv6(text) === (family === 'ipv6')),
  };
}

/** The effect of a change, and whom it takes what. */
function judge(before: string, after: string, world: World, daemon: DaemonName = 'ospfd'): string[] {
  const [running, desired] = [before, after].map((text) => new Map([[daemon, parseConfig(text)]])) as [never, never];
  const lost = withdrawals(running, desired, knownRoutes(world));
  const changes = judgePolicies(planChanges(running, desired), lost);
  return [worstEffect(changes), ...lost.map(describeWithdrawal)];
}

const list = (...prefixes: string[]): string =>
  prefixes.map((prefix, index) => `ip prefix-list CONTAINERS seq ${5 * (index + 1)} permit ${prefix}\n`).join('');
const MAP = 'route-map EXPORT permit 10\n match ip address prefix-list CONTAINERS\nexit\n';
const OSPF = 'router ospf\n redistribute kernel route-map EXPORT\nexit\n';
const HOSTS = { kernel: ['10.112.1.1/32', '10.112.2.1/32', '10.112.0.0/16', '172.30.0.0/24'] };

describe('the routes that a policy withdraws', () => {
  it('are named when the container prefixes are narrowed', () => {
    expect(
      judge(list('10.112.0.0/12 ge 32') + MAP + OSPF, list('10.112.1.0/24 ge 32') + MAP + OSPF, HOSTS),
    ).to.deep.equal(['flaps', 'withdraws 1 routes announced by OSPF: 10.112.2.1/32']);
  });

  it('are none when nobody has an address in the part that goes', () => {
    expect(
      judge(
        list('10.112.0.0/12 ge 32', '10.200.0.0/16 ge 32') + MAP + OSPF,
        list('10.112.0.0/12 ge 32') + MAP + OSPF,
        HOSTS,
      ),
    ).to.deep.equal(['hitless']);
  });

  it('are those that a filter keeps at home which was not there', () => {
    expect(judge('router ospf\n redistribute kernel\n', list('10.112.0.0/12 ge 32') + MAP + OSPF, HOSTS)).to.deep.equal(
      ['flaps', 'withdraws 2 routes announced by OSPF: 10.112.0.0/16, 172.30.0.0/24'],
    );
  });

  it('are those inside a new summary, and a summary that goes', () => {
    const both = list('10.112.0.0/12 ge 32') + MAP;
    const summary = OSPF.replace('exit', ' summary-address 10.112.1.0/24\nexit');

    expect(judge(both + OSPF, both + summary, HOSTS)).to.deep.equal([
      'flaps',
      'withdraws 1 routes announced by OSPF: 10.112.1.1/32',
    ]);
    expect(judge(both + summary, both + OSPF, HOSTS)).to.deep.equal(['flaps', 'withdraws 1 summary: 10.112.1.0/24']);
  });

  it('are those that no longer get into the kernel', () => {
    const before = 'ip protocol ospf route-map IMPORT\nroute-map IMPORT permit 10\nexit\n';
    const after =
      'ip prefix-list IMPORT seq 5 permit 10.112.0.0/16 le 32\nip protocol ospf route-map IMPORT\nroute-map IMPORT permit 10\n match ip address prefix-list IMPORT\nexit\n';

    expect(judge(before, after, { ospf: ['10.112.7.1/32', '0.0.0.0/0'] }, 'zebra')).to.deep.equal([
      'flaps',
      'withdraws 1 ospf routes in the kernel: 0.0.0.0/0',
    ]);
  });

  const bgp = (lines: string): string =>
    `bgp as-path access-list LOCAL seq 5 permit ^$\nroute-map BGP-OUT permit 10\n match as-path LOCAL\n match ip address prefix-list CONTAINERS\nexit\n${MAP}router bgp 1\n neighbor G peer-group\n address-family ipv4 unicast\n  ${lines}\n  neighbor G activate\n  neighbor G route-map BGP-OUT out\n exit-address-family\nexit\n`;

  it('are those that a BGP neighbor no longer hears', () => {
    const line = 'redistribute kernel route-map EXPORT';

    expect(
      judge(list('10.112.0.0/12 ge 32') + bgp(line), list('10.112.1.0/24 ge 32') + bgp(line), HOSTS, 'bgpd'),
    ).to.deep.equal(['flaps', 'withdraws 1 routes announced to G: 10.112.2.1/32']);
  });

  it('are those behind an aggregate that stands for them', () => {
    const all = list('10.112.0.0/12 ge 32');
    const line = 'redistribute kernel route-map EXPORT';

    expect(
      judge(all + bgp(line), all + bgp(`aggregate-address 10.112.1.0/24 summary-only\n  ${line}`), HOSTS, 'bgpd'),
    ).to.deep.equal(['flaps', 'withdraws 1 routes announced to G: 10.112.1.1/32']);
  });

  it('are those of a list that a neighbor’s guard gets beside its map', () => {
    const before = `router bgp 1\n address-family ipv4 unicast\n  neighbor G activate\n exit-address-family\nexit\n`;
    const after = before.replace('activate', 'activate\n  neighbor G prefix-list CONTAINERS in');

    expect(
      judge(before, list('10.112.0.0/12 le 32') + after, { learnt: ['10.112.9.9/32', '10.9.0.0/16'] }, 'bgpd'),
    ).to.deep.equal(['flaps', 'withdraws 1 routes taken from G: 10.9.0.0/16']);
  });

  it('are unknown where a policy asks what this tool does not understand, and the line is named', () => {
    const before = list('10.112.0.0/12 ge 32') + MAP + OSPF;

    expect(judge(before, before.replace('match ip address', 'match metric 5\n match ip address'), HOSTS)).to.deep.equal(
      ['unknown', 'may withdraw routes announced by OSPF (this tool cannot evaluate match metric 5)'],
    );
  });

  it('are unknown of a neighbor’s map that asks for a tag, which another map may set', () => {
    const bgp = (tag: number): string =>
      `route-map KERNEL permit 10\n set tag ${tag}\nexit\nroute-map OUT permit 10\n match tag 7\nexit\n` +
      'router bgp 1\n address-family ipv4 unicast\n  redistribute kernel route-map KERNEL\n  neighbor UP activate\n' +
      '  neighbor UP route-map OUT out\n exit-address-family\nexit\n';

    expect(judge(bgp(7), bgp(8), HOSTS, 'bgpd')).to.deep.equal([
      'unknown',
      'may withdraw routes announced to UP (this tool cannot evaluate match tag 7)',
    ]);
  });

  it('are known where every entry that may match says the same', () => {
    const before = list('10.112.0.0/12 ge 32') + MAP + OSPF;
    const entry =
      'route-map EXPORT permit 5\n match metric 1500\n match ip address prefix-list CONTAINERS\n set tag 9\nexit\n';
    const calls = entry.replace(' match metric 1500\n', ' call OTHER\n');

    expect(judge(before, entry + before, HOSTS)).to.deep.equal(['hitless']);
    expect(judge(before, entry.replace('permit', 'deny') + before, HOSTS)[0]).to.equal('unknown');
    expect(judge(before, calls + before, HOSTS)[0]).to.equal('unknown');
  });

  it('are unknown when only a list of communities changes that a map matches', () => {
    const map = 'route-map IN permit 10\n match community IN-10\nexit\n';
    const neighbor = 'neighbor 10.0.0.2';
    const router = `router bgp 65001\n ${neighbor} remote-as 65002\n address-family ipv4 unicast\n  ${neighbor} activate\n  ${neighbor} route-map IN in\n exit-address-family\nexit\n`;
    const withList = (kind: string, value: string): string =>
      `bgp ${kind}-list standard IN-10 seq 5 permit ${value}\n${map}${router}`;
    const world = { learnt: ['10.112.1.1/32'] };
    const unknown = [
      'unknown',
      'may withdraw routes taken from 10.0.0.2 (this tool cannot evaluate match community IN-10)',
    ];

    expect(judge(withList('community', '65000:1'), withList('community', '65000:1'), world, 'bgpd')).to.deep.equal([
      'hitless',
    ]);
    expect(judge(withList('community', '65000:1'), withList('community', '65000:2'), world, 'bgpd')).to.deep.equal(
      unknown,
    );
    expect(
      judge(withList('large-community', '65000:1:1'), withList('large-community', '65000:1:2'), world, 'bgpd'),
    ).to.deep.equal(unknown);
  });

  it('are named up to ten, and counted beyond', () => {
    const kernel = Array.from({ length: 300 }, (_, index) => `10.112.${index >> 8}.${index & 255}/32`);

    const [effect, text = ''] = judge(
      list('10.112.0.0/12 ge 32') + MAP + OSPF,
      list('10.113.0.0/16 ge 32') + MAP + OSPF,
      { kernel },
    );

    expect(effect).to.equal('flaps');
    expect(text).to.match(/^withdraws 300 routes announced by OSPF: 10\.112\.0\.0\/32, .* and 290 more$/);
  });
});
