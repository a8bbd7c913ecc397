import type { Route } from '@routed/netns';
import { expect } from 'chai';
import { endpointWith } from '../../../datapath/test/unit/support/sandbox-states.ts';
import { exampleEndpoint, exampleReport } from '../../../driver/test/unit/support/example-report.ts';
import type { OwnerFacts } from '../../src/whois/facts.ts';
import { ownerOf } from '../../src/whois/owner.ts';
import { ownerRows, ownerSentence } from '../../src/whois/owner-text.ts';

const since = '2026-11-28T12:00:00.000Z';
const names = { container: 'web', network: 'apps' };
const endpoint = { ...endpointWith(exampleEndpoint.id, ['10.1.0.2']), ...names, sandboxKey: '/x' };
const announcement = {
  policy: 'always',
  isAnnounced: true,
  reason: 'always',
  why: 'its network says so',
  until: 'x',
  since,
};
const noRecord = { address: '10.1.0.2', pool: 'routed-local/10.1.0.0/16', history: [] };
const ownRecord = { ...noRecord, endpoint, announcement };
const routeOf = (destination: string, protocol: number, gateway?: string, type = 'unicast'): Route =>
  ({ destination, protocol, type, metric: 20, nextHops: [{ linkIndex: 2, gateway, weight: 1 }] }) as unknown as Route;
const h1 = { protocol: 'ospf', isThisHost: true, router: '192.0.2.1', ways: [] };
const h2 = {
  protocol: 'bgp',
  isThisHost: false,
  router: '192.0.2.2',
  as: 65_002,
  host: 'h2',
  neighbor: 'h2',
  ways: [{ gateway: '192.0.2.2' }],
};
const originOf = (prefix: string, ...announcers: NonNullable<OwnerFacts['origin']>['announcers']) => ({
  ...{ prefix, protocol: 'bgp', metric: 20, since, ways: [{ gateway: '192.0.2.2', link: 'eth1' }] },
  announcers,
});

/** An address of a container of this host, which announces it. */
const here: OwnerFacts = {
  address: '10.1.0.2',
  record: ownRecord,
  report: exampleReport,
  route: routeOf('10.1.0.2/32', 200),
  linkNames: new Map([[2, 'eth1']]),
  origin: originOf('10.1.0.2/32', h1),
  stuckDaemons: [],
};
/** An address that another host announces. */
const there: OwnerFacts = {
  ...here,
  record: noRecord,
  route: routeOf('10.1.0.2/32', 186, '192.0.2.2'),
  origin: originOf('10.1.0.2/32', h2),
};
const away = { record: undefined, report: undefined };

const shown = (facts: OwnerFacts): { sentence: string; rows: Record<string, string> } => {
  const owner = ownerOf(facts);
  return { sentence: ownerSentence(owner), rows: Object.fromEntries(ownerRows(owner)) };
};

describe('whois', () => {
  it('names container, network, pool and announcement of an address of this host', () => {
    expect(shown(here)).to.deep.equal({
      sentence: '10.1.0.2 is container web on apps, on this host',
      rows: {
        since,
        'announced by': 'this host (router 192.0.2.1), by OSPF',
        announced: 'yes (routed.announce=always): its network says so',
        route: '10.1.0.2/32 dev eth1 proto 200 metric 20',
        pool: '10.1.0.0/16, of apps on this host',
      },
    });
    expect(ownerOf(here)).to.include({ state: 'container', container: 'web', network: 'apps', prefix: '10.1.0.2/32' });
  });

  it('names the host that announces an address, with next hop, protocol and time', () => {
    const { sentence, rows } = shown(there);

    expect(sentence).to.equal('10.1.0.2 is announced by h2 (router 192.0.2.2, AS 65002)');
    expect(rows).to.include({ since, 'announced by': 'h2 (router 192.0.2.2, AS 65002), by BGP, via 192.0.2.2' });
    expect(rows['route']).to.equal('10.1.0.2/32 via 192.0.2.2 dev eth1 proto bgp metric 20');
  });

  it('takes the time of the one announcer, and that of the route where there are several', () => {
    const later = '2026-11-28T13:00:00.000Z';
    const [first, second] = [
      { ...h2, since: later },
      { ...h2, router: '192.0.2.3', since: later },
    ];

    expect(ownerOf({ ...there, origin: originOf('10.1.0.2/32', first) }).since).to.equal(later);
    expect(ownerOf({ ...there, origin: originOf('10.1.0.2/32', first, second) }).since).to.equal(since);
  });

  it('names the block of another host that an address lies in', () => {
    const facts = { ...there, route: routeOf('10.1.0.0/26', 186, '192.0.2.2'), origin: originOf('10.1.0.0/26', h2) };

    expect(shown(facts).sentence).to.equal('10.1.0.2, in 10.1.0.0/26, is announced by h2 (router 192.0.2.2, AS 65002)');
    expect(ownerOf(facts).state).to.equal('elsewhere');
  });

  it('names the way to a router that has no name, and one by its id alone', () => {
    const { host, router, ...far } = h2;
    const ospf = { protocol: 'ospf', isThisHost: false, router: '192.0.2.9', ways: [] };

    expect([host, router]).to.deep.equal(['h2', '192.0.2.2']);
    expect(shown({ ...there, origin: originOf('10.1.0.2/32', far) }).sentence).to.match(
      /by AS 65002 \(by way of h2\)$/,
    );
    expect(shown({ ...there, origin: originOf('10.1.0.2/32', ospf) }).sentence).to.match(/by router 192\.0\.2\.9$/);
  });

  it('tells of another host that announces the address of a container as well', () => {
    const origin = originOf('10.1.0.2/32', h1, h2);
    const conflict = {
      address: '10.1.0.2',
      endpointId: endpoint.id,
      since,
      state: 'kept',
      holders: ['route via h2'],
      reason: 'it is lower',
    } as const;
    const facts = { ...here, origin, report: { ...here.report!, conflicts: [conflict] } };

    expect(shown(facts).rows).to.include({ also: `route via h2: kept since ${since}, it is lower` });
    expect(ownerOf(facts).conflict).to.deep.equal(conflict);
    // Meant to be shared: no conflict is known.
    expect(shown({ ...here, origin }).sentence).to.match(/on this host, and h2 \(.*\) announces it, too$/);
  });

  it('knows an address of the host itself, and one that nobody has', () => {
    const unused = { ...there, route: routeOf('0.0.0.0/0', 3, '192.0.2.254'), origin: null };

    expect(ownerOf({ ...there, route: routeOf('10.1.0.2/32', 2, undefined, 'local') }).state).to.equal('host');
    expect(ownerOf(unused)).to.include({ state: 'nobody' }).and.not.have.any.keys('prefix', 'since');
    expect(shown(unused).sentence).to.equal('10.1.0.2 is in no container of this host, and no other host announces it');
    expect(ownerOf({ ...unused, route: undefined }).state).to.equal('nobody');
    // Whoever announces a default route has not every address.
    expect(ownerOf({ ...unused, route: routeOf('0.0.0.0/0', 186, '192.0.2.254') }).state).to.equal('nobody');
  });

  it('says for whom a free address is kept', () => {
    const lease = { poolId: 'routed-local/10.1.0.0/16/10.1.0.0/24', purpose: 'gateway', holder: 'apps' };

    const { rows } = shown({ ...there, record: { ...noRecord, lease }, route: undefined, origin: null });

    expect(rows).to.include({ lease: 'gateway, of apps', pool: '10.1.0.0/24' });
  });

  it('does with the kernel alone, and says who was not asked', () => {
    const alone = { ...there, ...away, origin: undefined };

    expect(shown(alone).sentence).to.equal('10.1.0.2 is on another host: nobody says which');
    expect(ownerOf(alone).unasked.map((line) => line.replace(/ .*/, ''))).to.deep.equal(['routed-plugin', 'no']);
    expect(ownerOf({ ...alone, route: undefined }).state).to.equal('unknown');
    expect(ownerOf({ ...here, ...away }).state).to.equal('container');
    expect(ownerOf({ ...here, stuckDaemons: ['bgpd'] }).unasked).to.deep.equal(['bgpd did not answer in time']);
  });
});
