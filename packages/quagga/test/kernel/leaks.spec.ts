import { expect } from 'chai';
import { frrConf, configOf } from '../support/pair.ts';
import { type Router, connect, openRouter } from '../support/router.ts';

type Fields = Record<string, unknown>;

/** Each needs sessions: all of them every night, and the widest each time. */
const ALL = process.env.ROUTED_ATTACK === 'all';
const QUICK = ['no filter, and a map', 'the same on a leaf, and a map'];
const CONTAINERS = ['10.112.0.0/12', 'fd00:112::/48'];
const ALL4 = { family: 'ipv4', entries: [{ action: 'permit', prefix: '0.0.0.0/0', le: 32 }] };
const ALL6 = { family: 'ipv6', entries: [{ action: 'permit', prefix: '::/0', le: 128 }] };
const permit = (more: Fields = {}): Fields => ({ action: 'permit', ...more });

const TAKES_ALL = {
  import: {
    permit: [
      { prefix: '0.0.0.0/0', le: 32 },
      { prefix: '::/0', le: 128 },
    ],
  },
};

const LOOPBACKS = { loopbacks: ['10.200.0.0/24', 'fd00:200::/64'] };

type MapField = 'routeMapIn' | 'routeMapOut';

/** A route map of the operator's for both families and one direction. */
function mapped(field: MapField, entry: (list: string) => Fields, bgp: Fields = {}): Fields {
  return {
    prefixLists: { ALL4, ALL6 },
    routeMaps: {
      M4: { family: 'ipv4', entries: [entry('ALL4')] },
      M6: { family: 'ipv6', entries: [entry('ALL6')] },
    },
    bgp: { asn: 65001, ...bgp, peerGroups: { FABRIC: { ipv4: { [field]: 'M4' }, ipv6: { [field]: 'M6' } } } },
  };
}

/** The same for each neighbor by itself: the preset’s group has no member then. */
function withoutGroup(field: MapField): Fields {
  const neighbors = ['eth1', 'eth2'].map((name) => ({
    interface: name,
    peerGroup: undefined,
    remoteAs: 'external',
    connectRetrySec: 1,
    ipv4: { [field]: 'M4' },
    ipv6: { [field]: 'M6' },
  }));
  return { ...mapped(field, () => permit()), bgp: { asn: 65001, neighbors } };
}

/** Every way in which a document says what else a host announces. */
const OUT: [what: string, wish: Fields][] = [
  ['nothing of its own', {}],
  ['a map that permits everything', mapped('routeMapOut', () => permit())],
  ['a map that matches a list of everything', mapped('routeMapOut', (list) => permit({ match: { prefixList: list } }))],
  ['a map that matches local routes', mapped('routeMapOut', () => permit({ match: { localRoutes: true } }))],
  [
    'a map that sets everything',
    mapped('routeMapOut', () => permit({ set: { metric: 1, community: ['65001:1'], asPathPrepend: [65001] } })),
  ],
  ['no filter', { export: { unfiltered: true } }],
  ['no filter, and a map', { ...mapped('routeMapOut', () => permit()), export: { unfiltered: true } }],
  ['static routes', { export: { source: 'static' } }],
  ['static routes, and a map', { ...mapped('routeMapOut', () => permit()), export: { source: 'static' } }],
  ['own addresses, and a map', { ...mapped('routeMapOut', () => permit()), ...LOOPBACKS }],
  ['pools', { export: { ipv4Lengths: { ge: 12 }, ipv6Lengths: { ge: 48 } } }],
  ['an import that takes the default route', TAKES_ALL],
  ['the same, and a map', { ...mapped('routeMapOut', () => permit()), ...TAKES_ALL }],
  ['the same, and a map of neighbors without a group', { ...withoutGroup('routeMapOut'), ...TAKES_ALL }],
  ['the same on a leaf, and a map', { ...mapped('routeMapOut', () => permit(), { transit: true }), ...TAKES_ALL }],
];

/** Every way in which it says what else it takes. */
const IN: [what: string, wish: Fields][] = [
  ['nothing of its own', {}],
  ['a map that permits everything', mapped('routeMapIn', () => permit())],
  ['a map that matches a list of everything', mapped('routeMapIn', (list) => permit({ match: { prefixList: list } }))],
  ['a map that sets a preference', mapped('routeMapIn', () => permit({ set: { localPreference: 500 } }))],
  ['a map of neighbors without a group', withoutGroup('routeMapIn')],
  ['own addresses, and a map', { ...mapped('routeMapIn', () => permit()), ...LOOPBACKS }],
];

/** Announces and takes whatever there is, by two links: what it hears of its own routes went through the host. */
const SWITCH = `frr defaults datacenter
ip route 10.112.0.0/13 blackhole
ip route 0.0.0.0/0 blackhole
ip route 10.112.7.0/24 blackhole
ip route 10.112.7.7/32 blackhole
ipv6 route ::/0 blackhole
ipv6 route fd00:112::7/128 blackhole
interface eth1
 ipv6 nd ra-lifetime 0
exit
interface eth2
 ipv6 nd ra-lifetime 0
exit
router bgp 65002
 bgp router-id 10.0.0.2
 no bgp ebgp-requires-policy
 neighbor eth1 interface remote-as external
 neighbor eth1 timers connect 1
 neighbor eth2 interface remote-as external
 neighbor eth2 timers connect 1
 address-family ipv4 unicast
  neighbor eth1 allowas-in
  neighbor eth2 allowas-in
  redistribute static
 exit-address-family
 address-family ipv6 unicast
  neighbor eth1 activate
  neighbor eth1 allowas-in
  neighbor eth2 activate
  neighbor eth2 allowas-in
  redistribute static
 exit-address-family
exit
`;

describe('default routes of a host, and of its switch', function () {
  this.timeout(60_000);
  let host: Router;
  let other: Router;
  before(async () => {
    other = await openRouter({ daemons: ['zebra', 'staticd', 'bgpd'] });
    expect(await other.load(SWITCH)).to.match(/^\s*$/);
  });
  after(() => other[Symbol.asyncDispose]());
  afterEach(() => host[Symbol.asyncDispose]());

  /** Starts a host with a container, a default route and a foreign network, which then knows its switch’s container. */
  async function start(wish: Fields): Promise<void> {
    host = await openRouter({ daemons: ['zebra', 'staticd', 'bgpd', 'bfdd'] });
    await connect(host, other, ['10.0.0.1/24', '10.0.0.2/24']);
    await connect(host, other, ['10.0.1.1/24', '10.0.1.2/24'], ['eth2', 'eth2']);
    for (const route of ['10.112.200.1/32', '172.30.0.0/16', 'default', 'fd00:112::200/128'])
      await host.ip('route', 'add', route, 'dev', 'containers', 'proto', '200', 'metric', '5');
    await host.ip('-6', 'route', 'add', 'default', 'dev', 'containers', 'proto', '200', 'metric', '5');
    const config = configOf({
      preset: 'bgp-unnumbered',
      routerId: '10.0.0.1',
      containers: CONTAINERS,
      interfaces: { eth1: {}, eth2: {} },
      bfd: undefined,
      bgp: { asn: 65001 },
      ...wish,
    });
    const statics = [
      'ip route 10.112.200.9/32 blackhole',
      'ip route 0.0.0.0/0 blackhole 250',
      'ipv6 route ::/0 blackhole 250',
      '',
    ];
    expect(await host.load(`${statics.join('\n')}${frrConf(config)}`)).to.match(/^\s*$/);
    await untilKnown(host, ['10.112.7.7/32', 'fd00:112::7/128']);
    // What the host announces after everything that it has heard and may pass on.
    for (const route of ['10.112.200.2/32', 'fd00:112::202/128'])
      await host.ip('route', 'add', route, 'dev', 'containers', 'proto', '200', 'metric', '5');
    const isStatic = (wish.export as Fields | undefined)?.source === 'static';
    if (isStatic) await host.load('ip route 10.112.200.8/32 blackhole\nipv6 route fd00:112::208/128 blackhole\n');
    await untilKnown(
      other,
      isStatic ? ['10.112.200.8/32', 'fd00:112::208/128'] : ['10.112.200.2/32', 'fd00:112::202/128'],
    );
  }

  /** Waits until a router has these routes from its neighbor by both links. */
  async function untilKnown(router: Router, prefixes: readonly string[]): Promise<void> {
    const end = performance.now() + 30_000;
    for (;;) {
      const known = await learnt(router);
      if (prefixes.every((prefix) => known.filter((one) => one === prefix).length === 2)) return;
      if (performance.now() > end) throw new Error(`the sessions did not come: ${known.join()}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** What a router has from its neighbor, used or not: once for each link. */
  async function learnt(router: Router): Promise<string[]> {
    const found: string[] = [];
    for (const family of ['ipv4', 'ipv6']) {
      const { text } = await router.command('bgpd', `show bgp ${family} unicast json`);
      const { routes = {} } = JSON.parse(text) as { routes?: Record<string, { weight?: number }[]> };
      for (const [prefix, paths] of Object.entries(routes))
        found.push(...paths.filter(({ weight }) => weight !== 32_768).map(() => prefix));
    }
    return found;
  }

  for (const [what, wish] of OUT.filter(([what]) => ALL || QUICK.includes(what)))
    it(`the host announces none, whatever it is told: ${what}`, async () => {
      await start(wish);

      expect(await learnt(other)).not.to.include.oneOf(['0.0.0.0/0', '::/0']);
    });

  for (const [what, wish] of IN.filter(([what]) => ALL || what === 'a map that permits everything'))
    it(`the host takes none, and nothing shorter than an address: ${what}`, async () => {
      await start(wish);

      expect([...new Set(await learnt(host))]).to.have.members(['10.112.7.7/32', 'fd00:112::7/128']);
    });
});
