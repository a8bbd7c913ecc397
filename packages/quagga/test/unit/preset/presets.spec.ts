import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { isQuaggaError } from '../../../src/errors.ts';
import { documentJsonSchema, parseDocument } from '../../../src/preset/document.ts';
import { render } from '../../../src/render/render.ts';

const HOST = { routerId: '10.0.0.1', containers: ['10.112.0.0/12'], interfaces: { eth1: {} } };
const classic = readFileSync(new URL('../../fixtures/classic-ospfd.conf', import.meta.url), 'utf8');
const networks = ['10.112.0.0/12', '192.168.0.0/16', '10.255.255.0/24'].map((prefix) => ({ prefix }));

function file(input: Record<string, unknown>, dialect: 'quagga' | 'frr', name: string): string {
  return render(parseDocument(input, dialect).model, dialect).files.find((one) => one.name === name)!.text;
}

describe('presets', () => {
  it('seed is the classic hand-written file, byte for byte, and nothing else', () => {
    const { model } = parseDocument({
      preset: 'seed',
      routerId: '10.112.11.6',
      interfaces: { eth1: { ospf: {} } },
      ospf: { networks },
    });

    const { files } = render(model, 'quagga');

    expect(files.map(({ name, text, mode }) => [name, text, mode])).to.deep.equal([['ospfd.conf', classic, 0o640]]);
  });

  it('without a preset, the classic file gains a filter and the one timer that avoids the 10 s trap', () => {
    const input = {
      routerId: '10.112.11.6',
      containers: ['10.112.0.0/12'],
      interfaces: { eth1: { ospf: {} } },
      ospf: { networks },
    };

    const added = file(input, 'quagga', 'ospfd.conf')
      .split('\n')
      .filter((line) => !classic.split('\n').includes(line));

    expect(added).to.deep.equal([
      'ip prefix-list CONTAINERS seq 5 permit 10.112.0.0/12 ge 32',
      'route-map EXPORT permit 10',
      ' match ip address prefix-list CONTAINERS',
      ' timers lsa arrival 0',
      ' redistribute kernel route-map EXPORT',
    ]);
  });

  it('every OSPF preset but seed lets a route change twice within a second', () => {
    for (const preset of ['lan', 'p2p', undefined]) {
      const input = {
        ...HOST,
        ...(preset === undefined ? { interfaces: { eth1: { ospf: {} } }, ospf: {} } : { preset }),
      };
      expect(file(input, 'frr', 'frr.conf')).to.include(' timers lsa min-arrival 0\n');
      expect(file(input, 'quagga', 'ospfd.conf')).to.include(' timers lsa arrival 0\n');
    }
  });

  it('lan respects the least retransmit interval of each daemon', () => {
    expect(file({ ...HOST, preset: 'lan' }, 'frr', 'frr.conf')).to.include('ip ospf retransmit-interval 1\n');
    expect(file({ ...HOST, preset: 'lan' }, 'quagga', 'ospfd.conf')).to.include('ip ospf retransmit-interval 3\n');
  });

  const LINE = 'no zebra nexthop kernel enable\n';
  const two = { eth1: {}, eth2: {} };
  const uplinks: [what: string, input: Record<string, unknown>, isThere: boolean][] = [
    ['p2p with two links', { preset: 'p2p', interfaces: two }, true],
    ['p2p with one link and the loopback', { preset: 'p2p', interfaces: { eth1: {}, lo: {} } }, false],
    ['BGP with two links', { preset: 'bgp-unnumbered', interfaces: two, bgp: { asn: 65001 } }, true],
    ['BGP with one link', { preset: 'bgp-unnumbered', interfaces: { eth1: {} }, bgp: { asn: 65001 } }, false],
    ['groups that are asked for', { preset: 'p2p', interfaces: two, zebra: { nexthopGroups: true } }, false],
    ['no groups that are asked for', { preset: 'lan', zebra: { nexthopGroups: false } }, true],
    ['no preset', { ospf: {}, interfaces: { eth1: { ospf: {} }, eth2: { ospf: {} } } }, false],
  ];
  for (const [what, input, isThere] of uplinks) {
    it(`routes have their next hops themselves where there are several ways: ${what}`, () => {
      expect(file({ ...HOST, ...input }, 'frr', 'frr.conf').includes(LINE)).to.equal(isThere);
    });
  }

  it('what the document says wins over the preset', () => {
    const input = {
      ...HOST,
      preset: 'lan',
      interfaces: { eth1: { ospf: { helloIntervalSec: 2, deadIntervalSec: 9, network: 'broadcast' } } },
    };

    const text = file(input, 'frr', 'frr.conf');

    expect(text)
      .to.include('hello-interval 2\n')
      .and.to.include('dead-interval 9\n')
      .and.not.to.include('ip ospf network');
  });

  it('a BGP preset filters both directions and warns of a full table, without ending a session', () => {
    const text = file({ ...HOST, preset: 'bgp-unnumbered', bgp: { asn: 65001 } }, 'frr', 'frr.conf');

    expect(text).to.match(/neighbor FABRIC route-map IMPORT in\n.*neighbor FABRIC route-map BGP-OUT out\n/);
    expect(text)
      .to.include('neighbor FABRIC maximum-prefix 50000 warning-only\n')
      .and.to.include('redistribute kernel route-map EXPORT\n');
  });

  it('a guard of one’s own keeps warning, unless it says when the session comes back', () => {
    const guard = (maximumPrefix: Record<string, number>): string =>
      /maximum-prefix .*/.exec(
        file(
          {
            ...HOST,
            preset: 'bgp-unnumbered',
            bgp: { asn: 65001, peerGroups: { FABRIC: { ipv4: { maximumPrefix } } } },
          },
          'frr',
          'frr.conf',
        ),
      )?.[0] ?? '';

    expect(guard({ limit: 100_000 })).to.equal('maximum-prefix 100000 warning-only');
    expect(guard({ limit: 100_000, restartMin: 5 })).to.equal('maximum-prefix 100000 restart 5');
  });

  it('both families have their guard where one session carries both', () => {
    const neighbors = [{ address: 'fd00::2', remoteAs: 65002 }];
    const containers = ['10.112.0.0/12', 'fd00:112::/48'];
    const text = file(
      {
        ...HOST,
        containers,
        preset: 'bgp-numbered',
        bgp: { asn: 65001, neighbors, peerGroups: { FABRIC6: { families: ['ipv4', 'ipv6'] } } },
      },
      'frr',
      'frr.conf',
    );

    expect(text.match(/neighbor FABRIC6 maximum-prefix 50000 warning-only/g)).to.have.length(2);
  });

  it('a group that no neighbor is in is not there', () => {
    const neighbors = [{ address: '10.0.0.9', peerGroup: 'REFLECTORS' }];
    const peerGroups = { REFLECTORS: { remoteAs: 65001 } };
    const text = file(
      { ...HOST, preset: 'bgp-numbered', bgp: { asn: 65001, neighbors, peerGroups } },
      'frr',
      'frr.conf',
    );

    expect(text).to.include('neighbor REFLECTORS').and.not.to.include('FABRIC');
  });

  it('the loopback gets no network type and no timers', () => {
    const text = file({ ...HOST, preset: 'p2p', interfaces: { eth1: {}, lo: {} } }, 'frr', 'frr.conf');

    expect(text)
      .to.include('interface lo\n ip ospf area 0.0.0.0\nexit\n')
      .and.to.include('ip ospf network point-to-point\n');
  });

  it('a route map of one’s own never lets out what the policies keep in', () => {
    const text = file(
      {
        ...HOST,
        bgp: {
          asn: 65001,
          neighbors: [{ address: '10.0.0.2', remoteAs: 65002, ipv4: { routeMapIn: 'ALL', routeMapOut: 'ALL' } }],
          ipv4: { aggregateAddresses: [{ prefix: '10.112.4.0/24' }] },
        },
        routeMaps: { ALL: { family: 'ipv4', entries: [{ action: 'permit' }] } },
      },
      'frr',
      'frr.conf',
    );

    expect(text)
      .to.include('neighbor 10.0.0.2 prefix-list IMPORT in\n')
      .and.to.include('neighbor 10.0.0.2 prefix-list OUT-GUARD out\n')
      .and.to.include('neighbor 10.0.0.2 filter-list LOCAL out\n')
      .and.to.include('ip prefix-list OUT-GUARD seq 10 permit 10.112.4.0/24\n');
    expect(text).not.to.match(/OUT-GUARD seq \d+ permit 0\.0\.0\.0\/0(?! le)/);
  });

  it('BGP never announces the default route, even unfiltered', () => {
    const text = file(
      { ...HOST, preset: 'bgp-unnumbered', bgp: { asn: 65001 }, export: { unfiltered: true } },
      'frr',
      'frr.conf',
    );

    expect(text)
      .to.include('ip prefix-list NO-DEFAULT seq 5 deny 0.0.0.0/0\n')
      .and.to.include('redistribute kernel route-map EXPORT\n');
    expect(text).not.to.match(/redistribute kernel$/m);
  });

  it('unsupported features name themselves and the way out', () => {
    const { model } = parseDocument({ ...HOST, preset: 'bgp-unnumbered', bgp: { asn: 65001 } });

    expect(() => render(model, 'quagga'))
      .to.throw(/Quagga has no BGP unnumbered; give the neighbor’s address \(preset bgp-numbered\)/)
      .that.satisfies((error: unknown) => isQuaggaError(error, 'UNSUPPORTED'));
  });

  it('an unknown preset is refused with the list', () => {
    expect(() => parseDocument({ ...HOST, preset: 'wan' })).to.throw(/preset: .*"seed"\|"lan"/);
  });
});

describe('documentJsonSchema', () => {
  it('describes every field of the model, the preset and the dialect', () => {
    const schema = documentJsonSchema() as { properties: Record<string, unknown>; required: string[] };

    expect(Object.keys(schema.properties)).to.include.members([
      'preset',
      'dialect',
      'routerId',
      'ospf',
      'ospf6',
      'bgp',
      'export',
      'import',
    ]);
    expect(schema.required).to.deep.equal(['routerId']);
  });
});
