import { expect } from 'chai';
import { describeCompetingRoute, isLowest } from '../../../src/show/competing-route.ts';
import { RouterView } from '../../../src/show/router-view.ts';
import { scriptedLines } from './support.ts';

const address = '10.1.0.77';
const prefix = `${address}/32`;

// What FRR 8.4.4 answered, without fields that nobody reads.
const kernelRoute = { protocol: 'kernel', selected: true, nexthops: [{ interfaceName: 'vethr1' }] };
const ospfRoute = { protocol: 'ospf', nexthops: [{ ip: '10.112.11.2', interfaceName: 'eth1' }] };
const lsa = (advertisingRouter: string, lsaAge = 1): object => ({
  lsaAge,
  advertisingRouter,
  linkStateId: address,
  networkMask: 32,
});
const ownPath = { valid: true, sourced: true, aspath: { segments: [] }, peer: { routerId: '10.112.11.1' } };
const pathFrom = (asn: number, ip: string): object => ({
  valid: true,
  aspath: { segments: [{ type: 'as-sequence', list: [asn] }] },
  nexthops: [{ ip }],
  peer: { routerId: ip },
});

const zebra = (...routes: object[]): object => ({ [`show ip route ${prefix} json`]: { [prefix]: routes } });
const ospfd = (routerId: string, ...asExternalLinkStates: object[]): object => ({
  [`show ip ospf database external ${address} json`]: { routerId, asExternalLinkStates },
});
const bgpd = (as: number, ...paths: object[]): object => ({
  [`show bgp ipv4 unicast ${prefix} json`]: { prefix, paths },
  'show bgp ipv4 unicast summary json': { as, routerId: '10.112.11.1' },
});

const rivalsIn = (...answers: object[]) =>
  new RouterView({ lines: scriptedLines(Object.assign({}, ...answers) as Record<string, unknown>) }).competingRoutes(
    address,
  );

describe('RouterView.rivalsOf', () => {
  it('finds nobody when no daemon runs, or only our own route is there', async () => {
    expect(await rivalsIn()).to.deep.equal([]);
    expect(await rivalsIn(zebra(kernelRoute), bgpd(1, ownPath))).to.deep.equal([]);
    expect(await rivalsIn({ [`show ip route ${prefix} json`]: {} })).to.deep.equal([]);
  });

  it('finds others that announce a prefix, and no host route in it', async () => {
    const block = '10.1.0.64/26';
    const lsaOf = (networkMask: number, router: string): object => ({ ...lsa(router), networkMask });
    const lines = scriptedLines({
      [`show ip route ${block} json`]: { [block]: [ospfRoute, kernelRoute] },
      'show ip ospf database external 10.1.0.64 json': {
        routerId: '10.112.11.1',
        asExternalLinkStates: [lsaOf(26, '10.112.11.2'), lsaOf(32, '10.112.11.3')],
      },
      [`show bgp ipv4 unicast ${block} json`]: { paths: [pathFrom(65_002, '10.112.11.2')] },
    });

    const rivals = await new RouterView({ lines }).competingRoutes(block);

    expect(rivals.map(({ routers }) => routers)).to.deep.equal([['router 10.112.11.2'], ['AS 65002']]);
  });

  it('finds the route by OSPF that loses against ours, and compares router ids', async () => {
    const database = ospfd('10.112.11.9', lsa('10.112.11.9'), lsa('10.112.11.10'));

    const [rival] = await rivalsIn(zebra(ospfRoute, kernelRoute), database);

    expect(rival).to.deep.equal({
      protocol: 'ospf',
      ways: [{ gateway: '10.112.11.2', link: 'eth1' }],
      routers: ['router 10.112.11.10'],
      isBehindUs: true,
    });
    expect(describeCompetingRoute(rival!)).to.equal(
      'route via 10.112.11.2 dev eth1 proto ospf, from router 10.112.11.10',
    );
  });

  it('takes no account of an announcement that is being taken back', async () => {
    const database = ospfd('10.112.11.9', lsa('10.112.11.9'), lsa('10.112.11.1', 3_600), lsa('10.112.11.10'));

    expect((await rivalsIn(zebra(ospfRoute), database))[0]).to.include({ isBehindUs: true });
  });

  it('yields to any of several with a lower router id', async () => {
    const database = ospfd('10.0.0.2', lsa('10.0.0.2'), lsa('10.0.0.3'), lsa('10.0.0.1'));

    expect((await rivalsIn(zebra(ospfRoute), database))[0]).to.include({ isBehindUs: false });
  });

  it('does not know who comes first when ospfd does not say', async () => {
    expect((await rivalsIn(zebra(ospfRoute, kernelRoute)))[0]).to.include({ isBehindUs: undefined });
  });

  it('finds the path by BGP that loses against ours, and compares AS numbers', async () => {
    const answers = bgpd(4_200_000_001, ownPath, pathFrom(4_200_000_002, '10.112.11.2'));

    const [rival] = await rivalsIn(zebra(kernelRoute), answers);

    expect(rival).to.deep.include({ protocol: 'bgp', routers: ['AS 4200000002'], isBehindUs: true });
    expect(describeCompetingRoute(rival!)).to.equal('route via 10.112.11.2 proto bgp, from AS 4200000002');
  });

  it('names a way once that several paths take', async () => {
    const paths = [ownPath, pathFrom(2, '10.112.11.2'), pathFrom(2, '10.112.11.2')];

    const [rival] = await rivalsIn(bgpd(1, ...paths));

    expect(describeCompetingRoute(rival!)).to.equal('route via 10.112.11.2 proto bgp, from AS 2');
  });

  it('compares router ids inside one AS', async () => {
    const internal = { valid: true, aspath: { segments: [] }, nexthops: [], peer: { routerId: '10.112.11.254' } };
    const reflected = { ...internal, originatorId: '10.112.11.0' };

    expect((await rivalsIn(bgpd(65_000, ownPath, internal)))[0]).to.include({ isBehindUs: true });
    expect((await rivalsIn(bgpd(65_000, ownPath, reflected)))[0]).to.include({ isBehindUs: false });
  });

  it('does not know who comes first among hosts of one AS number that are no neighbors inside it', async () => {
    expect((await rivalsIn(bgpd(65_000, ownPath, pathFrom(65_000, '10.112.11.2'))))[0]).to.include({
      isBehindUs: undefined,
    });
  });

  it('tells one rival of a route that zebra has from BGP', async () => {
    const answers = bgpd(1, pathFrom(2, '10.112.11.2'));

    expect(await rivalsIn(zebra({ ...ospfRoute, protocol: 'bgp' }), answers)).to.have.lengthOf(1);
  });

  it('asks of IPv6 addresses in the words of OSPFv3', async () => {
    const lines = scriptedLines({
      'show ipv6 route fd00:1::7/128 json': { 'fd00:1::7/128': [{ ...ospfRoute, protocol: 'ospf6' }] },
      'show ipv6 ospf6 json': { routerId: '10.0.0.1' },
      'show ipv6 ospf6 database as-external json': {
        asScopedLinkStateDb: [
          {
            lsa: [
              { advRouter: '10.0.0.1', age: 3, payload: 'fd00:1::7/128' },
              { advRouter: '10.0.0.2', age: 3, payload: 'fd00:1::7/128' },
              { advRouter: '10.0.0.0', age: 3, payload: 'fd00:1::8/128' },
            ],
          },
        ],
      },
    });

    const [rival] = await new RouterView({ lines }).competingRoutes('fd00:1::7');

    expect(rival).to.deep.include({ protocol: 'ospf', routers: ['router 10.0.0.2'], isBehindUs: true });
  });
});

describe('RouterView.losers', () => {
  it('changes when a route comes that loses, by OSPF or by BGP', async () => {
    const summary = (routesTotal: number, totalAdvertisements: number): Promise<string | undefined> =>
      new RouterView({
        lines: scriptedLines({
          'show ip route summary json': { routesTotal, routesTotalFib: 9 },
          'show bgp ipv4 unicast statistics json': { ipv4Unicast: [{ totalAdvertisements, totalPrefixes: 5 }] },
        }),
      }).inactiveRoutes([4]);

    const texts = await Promise.all([summary(9, 5), summary(10, 5), summary(9, 6)]);

    expect(texts).to.deep.equal(['0 0', '1 0', '0 1']);
  });

  it('reads what FRR 10 adds beside the tables', async () => {
    const ipv4Unicast = [{ totalAdvertisements: 3, totalPrefixes: 2, totalRedistributed: 1 }];
    const answer = { ipv4Unicast, bgpBestPathCalls: 0, bgpNodeOnQueue: 0 };
    const lines = scriptedLines({ 'show bgp ipv4 unicast statistics json': answer });

    expect(await new RouterView({ lines }).inactiveRoutes([4])).to.equal(' 1');
  });

  it('is unknown when no daemon runs', async () => {
    expect(await new RouterView({ lines: scriptedLines({}) }).inactiveRoutes([4, 6])).to.equal(undefined);
  });
});

describe('isLowest', () => {
  it('compares numbers, not texts', () => {
    expect(isLowest('9.0.0.1', ['10.0.0.1'])).to.equal(true);
    expect(isLowest(10, [9])).to.equal(false);
    expect(isLowest('10.0.0.1', ['10.0.0.1'])).to.equal(undefined);
    expect(isLowest('10.0.0.1', [])).to.equal(undefined);
  });
});

describe('RouterView.announcements', () => {
  const announcementsIn = (of: string, ...answers: object[]) =>
    new RouterView({ lines: scriptedLines(Object.assign({}, ...answers) as Record<string, unknown>) }).announcements(
      of,
    );
  const neighbors = { 'show ip ospf neighbor json': { neighbors: { '10.0.0.2': [{}], '10.0.0.3': [{}] } } };

  it('are unknown without zebra, and none of a route that zebra does not have', async () => {
    expect(await announcementsIn(address, neighbors)).to.equal(undefined);
    expect(await announcementsIn(address, { [`show ip route ${prefix} json`]: {} })).to.deep.equal({
      daemons: ['zebra'],
      isKnown: false,
      announcedBy: [],
      neighbors: 0,
    });
  });

  it('tell which daemons announce the address, and how many routers hear them', async () => {
    const bgp = {
      [`show bgp ipv4 unicast ${prefix} json`]: { paths: [pathFrom(2, '10.112.11.2')] },
      'show bgp ipv4 unicast summary json': { as: 1, routerId: '10.112.11.1', peers: { '10.112.11.2': {} } },
    };
    const database = ospfd('10.0.0.1', lsa('10.0.0.1'));

    expect(await announcementsIn(address, zebra(kernelRoute), neighbors, database, bgp)).to.deep.equal({
      daemons: ['zebra', 'ospfd', 'bgpd'],
      isKnown: true,
      announcedBy: ['ospfd'],
      neighbors: 3,
    });
  });

  it('do not count what ospfd takes back, or another host announces', async () => {
    const database = ospfd('10.0.0.1', lsa('10.0.0.1', 3_600), lsa('10.0.0.2'));

    expect(await announcementsIn(address, zebra(kernelRoute), neighbors, database)).to.deep.include({
      announcedBy: [],
    });
  });

  it('ask of IPv6 addresses in the words of OSPFv3, and take a bgpd without an instance for one that says nothing', async () => {
    const destination = 'fd00:1::7/128';
    const lsas = [{ advRouter: '10.0.0.1', age: 3, payload: destination }];
    const ospf6 = {
      [`show ipv6 route ${destination} json`]: { [destination]: [kernelRoute] },
      'show ipv6 ospf6 json': { routerId: '10.0.0.1' },
      'show ipv6 ospf6 neighbor json': { neighbors: [{}] },
      'show ipv6 ospf6 database as-external json': { asScopedLinkStateDb: [{ lsa: lsas }] },
      'show bgp ipv6 unicast summary json': {},
    };

    expect(await announcementsIn('fd00:1::7', ospf6)).to.deep.equal({
      daemons: ['zebra', 'ospf6d', 'bgpd'],
      isKnown: true,
      announcedBy: ['ospf6d'],
      neighbors: 1,
    });
  });
});
