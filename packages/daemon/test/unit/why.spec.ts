import { expect } from 'chai';
import type { Link, Neighbour, Route } from '@routed/netns';
import { explain } from '../../src/why/explain.ts';
import type { AddressFacts } from '../../src/why/facts.ts';
import { endpointWith } from '../../../datapath/test/unit/support/sandbox-states.ts';

const endpoint = { ...endpointWith('c80b7eea65283f', ['10.1.0.2']), sandboxKey: '/x' };
const link = { index: 7, name: 'vethrc80b7eea65', isUp: true, hasCarrier: true, mtuBytes: 1500 } as Link;
const ownRoute = { destination: '10.1.0.2/32', type: 'unicast', protocol: 200, linkIndex: 7, nextHops: [{}] };

/** An address that everything is well with. */
const healthy: AddressFacts = {
  address: '10.1.0.2',
  record: {
    address: '10.1.0.2',
    lease: {
      poolId: 'routed-local/10.1.0.0/16',
      address: '10.1.0.2',
      purpose: 'endpoint',
      holder: 'endpoint c80b7eea6528',
    },
    endpoint,
    pool: 'routed-local/10.1.0.0/16',
    history: [],
  },
  route: ownRoute as unknown as Route,
  routeLink: link,
  link,
  neighbour: { address: '10.1.0.2', mac: '02:42:0a:01:00:02' } as Neighbour,
  sandbox: { hasAddress: true, isUp: true },
  firewall: { policy: 'DROP', hasChain: true },
  router: { daemons: ['zebra', 'ospfd'], isKnown: true, announcedBy: ['ospfd'], neighbors: 2 },
};

const breaks = (facts: Partial<AddressFacts>): string[] =>
  explain({ ...healthy, ...facts })
    .filter(({ state }) => state === 'broken')
    .map(({ name }) => name);
const textOf = (name: string, facts: Partial<AddressFacts>): string =>
  explain({ ...healthy, ...facts }).find((station) => station.name === name)!.text;

describe('why an address is reached or not', () => {
  it('is nothing where all is well', () => {
    expect(explain(healthy).map(({ name, state }) => `${name} ${state}`)).to.deep.equal(
      ['lease', 'endpoint', 'sandbox', 'link', 'neighbour', 'route', 'firewall', 'router'].map((name) => `${name} ok`),
    );
  });

  it('is told of another host in two words', () => {
    const elsewhere = { ...ownRoute, protocol: 188, nextHops: [{ gateway: '10.9.0.1' }, { gateway: '10.9.0.2' }] };
    const record = { address: '10.1.0.2', history: [] };

    const stations = explain({ ...healthy, record, route: elsewhere as unknown as Route });

    expect(stations.map(({ name }) => name)).to.deep.equal(['lease', 'route']);
    expect(stations[1]?.text).to.contain('via 10.9.0.1, 10.9.0.2 proto 188');
  });

  const cases: readonly (readonly [string, Partial<AddressFacts>, string, string])[] = [
    ['the container has lost it', { sandbox: { hasAddress: false, isUp: true } }, 'sandbox', 'does not have 10.1.0.2'],
    ['the container set its link down', { sandbox: { hasAddress: true, isUp: false } }, 'sandbox', 'is down'],
    ['the link is gone', { link: undefined }, 'link', 'link vethrc80b7eea65 is not there'],
    ['the link is down', { link: { ...link, isUp: false } }, 'link', 'is down'],
    ['the neighbour entry is gone', { neighbour: undefined }, 'neighbour', 'no permanent neighbour entry'],
    [
      'its MAC is another',
      { neighbour: { mac: '02:00:00:00:00:01' } as Neighbour },
      'neighbour',
      'has MAC 02:00:00:00:00:01',
    ],
    ['the route is gone', { route: undefined }, 'route', 'there is no route'],
    [
      'a shorter route catches it',
      { route: { ...ownRoute, destination: '10.1.0.0/16' } as unknown as Route },
      'route',
      'packets use the route to 10.1.0.0/16',
    ],
    ['the firewall drops it', { firewall: { policy: 'DROP', hasChain: false } }, 'firewall', 'does not call our chain'],
    [
      'the filter keeps it in',
      { router: { daemons: ['zebra', 'bgpd'], isKnown: true, announcedBy: [], neighbors: 1 } },
      'router',
      'check the export filter',
    ],
    [
      'nobody listens',
      { router: { daemons: ['zebra', 'ospfd'], isKnown: true, announcedBy: ['ospfd'], neighbors: 0 } },
      'router',
      'has no neighbor',
    ],
  ];
  for (const [what, facts, station, text] of cases) {
    it(`is named where ${what}`, () => {
      expect(breaks(facts)).to.deep.equal([station]);
      expect(textOf(station, facts)).to.contain(text);
    });
  }

  it('is told as far as it can be seen without the daemon', () => {
    const stations = explain({
      ...healthy,
      record: undefined,
      link: undefined,
      sandbox: undefined,
      neighbour: undefined,
    });

    expect(stations[0]).to.deep.include({ name: 'lease', state: 'unknown' });
  });
});
