import { expect } from 'chai';
import type { Link, Neighbour, Route } from '@routed/netns';
import { explain } from '../../src/why/explain.ts';
import type { AddressFacts } from '../../src/why/facts.ts';
import { endpointWith } from '../../../datapath/test/unit/support/sandbox-states.ts';

const endpoint = { ...endpointWith('c80b7eea65283f', ['10.1.0.2']), sandboxKey: '/x' };
const link = { index: 7, name: 'vethrc80b7eea65', isUp: true, hasCarrier: true, mtuBytes: 1500 } as Link;
const ownRoute = { destination: '10.1.0.2/32', type: 'unicast', protocol: 200, linkIndex: 7, nextHops: [{}] };

const announcement: NonNullable<NonNullable<AddressFacts['record']>['announcement']> = {
  policy: 'healthy',
  isAnnounced: true,
  reason: 'healthy',
  since: '2026-01-01T00:00:00.000Z',
  why: 'its health check passes',
  until: 'its health check fails',
};
const withdrawn = {
  ...announcement,
  isAnnounced: false,
  reason: 'not healthy',
  why: 'its health check does not pass',
  until: 'its health check passes',
};

/** An address that everything is well with. */
const healthy: AddressFacts = {
  address: '10.1.0.2',
  record: {
    address: '10.1.0.2',
    lease: {
      poolId: 'routed-local/10.1.0.0/16',
      purpose: 'endpoint',
      holder: 'endpoint c80b7eea6528',
    },
    endpoint,
    announcement,
    connections: 3,
    pool: 'routed-local/10.1.0.0/16',
    history: [],
  },
  route: ownRoute as unknown as Route,
  routeLink: link,
  link,
  neighbour: { address: '10.1.0.2', mac: '02:42:0a:01:00:02' } as Neighbour,
  silentArp: undefined,
  sandbox: { hasAddress: true, isUp: true },
  firewall: { policy: 'DROP', hasChain: true },
  router: { daemons: ['zebra', 'ospfd'], isKnown: true, announcedBy: ['ospfd'], neighbors: 2 },
  stuckDaemons: [],
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
      [
        ...['lease', 'endpoint', 'sandbox', 'link', 'neighbour'],
        ...['announcement', 'route', 'firewall', 'ingress', 'router'],
      ].map((name) => `${name} ok`),
    );
  });

  it('is the filter, where nobody may enter', () => {
    const filtered = (fields: object): Partial<AddressFacts> => ({
      record: { ...healthy.record!, endpoint: { ...endpoint, ...fields } },
    });

    expect(breaks(filtered({ ingress: 'none' }))).to.deep.equal(['ingress']);
    expect(breaks(filtered({ isOwnerPending: true }))).to.deep.equal(['ingress']);
    expect(breaks(filtered({ ingress: 'none', ingressMode: 'observe' }))).to.deep.equal([]);
    expect(breaks(filtered({ ingress: '10.0.0.0/8' }))).to.deep.equal([]);
    expect(textOf('ingress', filtered({ ingress: '10.0.0.0/8' }))).to.match(/^only 10\.0\.0\.0\/8 may enter/);
    expect(textOf('ingress', filtered({ ingress: '10.0.0.1,'.repeat(100) }))).to.have.length.below(150);
    expect(textOf('ingress', {})).to.equal('everybody may enter');
  });

  it('names the block that other hosts reach it by, also while the address itself is not announced', () => {
    const covered = { ...healthy.record!, block: '10.1.0.0/26' };
    const drained = { ...covered, announcement: withdrawn };

    expect(textOf('announcement', { record: covered })).to.match(
      /^block 10\.1\.0\.0\/26 of this host leads other hosts here; /,
    );
    expect(textOf('router', { record: covered })).to.equal('block 10.1.0.0/26 announced by ospfd to 2 neighbors');
    expect(textOf('announcement', { record: drained })).to.contain('not announced');
    expect(textOf('announcement', { record: drained })).to.contain('but block 10.1.0.0/26 of this host leads');
    expect(breaks({ record: drained })).to.deep.equal([]);
  });

  it('names container and network, where Docker has said them', () => {
    const named = { ...healthy.record!, endpoint: { ...endpoint, container: 'web', network: 'apps' } };

    expect(textOf('lease', { record: named })).to.equal('endpoint lease of web on apps, from routed-local/10.1.0.0/16');
    expect(textOf('endpoint', { record: named })).to.equal('endpoint c80b7eea6528 of web on apps');
    expect(textOf('endpoint', {})).to.match(/^endpoint c80b7eea6528 of a container on network \w+$/);
    const { sandboxKey, ...idle } = named.endpoint;
    expect(sandboxKey).to.equal('/x');
    expect(textOf('endpoint', { record: { ...named, endpoint: idle } })).to.contain(
      ' of web on apps is in no container',
    );
  });

  it('is told of another host in two words', () => {
    const elsewhere = { ...ownRoute, protocol: 188, nextHops: [{ gateway: '10.9.0.1' }, { gateway: '10.9.0.2' }] };
    const record = { address: '10.1.0.2', history: [] };

    const stations = explain({ ...healthy, record, route: elsewhere as unknown as Route });

    expect(stations.map(({ name }) => name)).to.deep.equal(['lease', 'route']);
    expect(stations[1]?.text).to.contain('via 10.9.0.1, 10.9.0.2 proto ospf');
  });

  describe('where nobody has it', () => {
    const nobody = { link: undefined, sandbox: undefined, neighbour: undefined };
    const record = { address: '10.1.0.2', pool: 'routed-local/10.1.0.0/16', networks: ['apps'], history: [] };
    const route = { ...ownRoute, destination: '0.0.0.0/0' } as unknown as Route;
    const linesOf = (facts: Partial<AddressFacts>): string[] =>
      explain({ ...healthy, ...nobody, ...facts }).map(({ name, state, text }) => `${name} ${state}: ${text}`);

    it('is that it is free, of which network, and nothing that breaks', () => {
      expect(linesOf({ record, route })).to.deep.equal([
        'lease ok: nobody has it: it is free in routed-local/10.1.0.0/16, of network apps',
        'route ok: no host announces it: packets to it take the route to 0.0.0.0/0',
      ]);
      expect(linesOf({ record, route: undefined })[1]).to.equal(
        'route ok: no host announces it, and there is no route to it',
      );
    });

    it('breaks at the lease alone, where no network could have it', () => {
      expect(linesOf({ record: { address: '10.1.0.2', history: [] }, route })).to.deep.equal([
        'lease broken: no network of this host has a prefix with 10.1.0.2',
        'route ok: no host announces it: packets to it take the route to 0.0.0.0/0',
      ]);
    });

    it('is something else while a route of ours is left', () => {
      expect(breaks({ ...nobody, record }))
        .to.include('lease')
        .and.include('link');
    });
  });

  const cases: readonly (readonly [string, Partial<AddressFacts>, string, string])[] = [
    ['the container has lost it', { sandbox: { hasAddress: false, isUp: true } }, 'sandbox', 'does not have 10.1.0.2'],
    ['the container set its link down', { sandbox: { hasAddress: true, isUp: false } }, 'sandbox', 'is down'],
    ['the link is gone', { link: undefined }, 'link', 'link vethrc80b7eea65 is not there'],
    ['the link is down', { link: { ...link, isUp: false } }, 'link', 'is down'],
    ['the neighbour entry is gone', { neighbour: undefined }, 'neighbour', 'no permanent neighbour entry'],
    [
      'the host keeps silent when the container asks for its gateway',
      { silentArp: 'net.ipv4.conf.all.arp_ignore is 1' },
      'neighbour',
      "net.ipv4.conf.all.arp_ignore is 1: the host does not answer the container's ARP",
    ],
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
    ['a daemon hangs', { router: undefined, stuckDaemons: ['zebra'] }, 'router', 'zebra does not answer'],
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

  it('is the announcement where its policy is not met, and neither route nor router', () => {
    const facts = {
      record: { ...healthy.record!, announcement: withdrawn },
      route: { ...ownRoute, table: 7200 } as unknown as Route,
      router: { daemons: ['zebra', 'ospfd'], isKnown: false, announcedBy: [], neighbors: 2 },
    };

    expect(breaks(facts)).to.deep.equal(['announcement']);
    expect(textOf('announcement', facts)).to.equal(
      'not announced since 2026-01-01T00:00:00.000Z (routed.announce=healthy): its health check does not pass; ' +
        'until its health check passes; others have 3 connections to it',
    );
    expect(textOf('route', facts)).to.contain('table 7200, which routers do not redistribute');
    expect(textOf('router', facts)).to.contain('no daemon announces it, as it should be');
  });

  it('is the router where it still announces what is withdrawn', () => {
    const facts = { record: { ...healthy.record!, announcement: withdrawn } };

    expect(breaks(facts)).to.deep.equal(['announcement', 'router']);
    expect(textOf('router', facts)).to.equal('ospfd still announces it');
  });

  it('says what a withdrawal would leave, and when a wait is over', () => {
    expect(textOf('announcement', {})).to.equal(
      'announced since 2026-01-01T00:00:00.000Z (routed.announce=healthy): its health check passes; ' +
        'until its health check fails; others have 3 connections to it',
    );
    const record = { ...healthy.record!, announcement: { ...withdrawn, dueAt: '2026-01-01T00:01:00.000Z' } };
    expect(textOf('announcement', { record })).to.contain('until its health check passes, at 2026-01-01T00:01:00.000Z');
  });

  it('says that connections are not tracked, rather than none', () => {
    const { connections, ...record } = healthy.record!;
    expect(connections).to.equal(3);

    const untracked = { ...record, endpoint: { ...endpoint, isUntracked: true } };

    expect(textOf('announcement', { record: untracked })).to.match(
      /; its connections are not tracked \(routed\.conntrack=off\)$/,
    );
    expect(textOf('announcement', { record })).to.match(/; its connections cannot be counted$/);
  });

  it('is a yield to another host, whose route packets take', () => {
    const yielded = { ...withdrawn, reason: 'yielded', why: 'another host announces it, and this host yields to it' };
    const route = { ...ownRoute, protocol: 188 } as unknown as Route;
    const router = { daemons: ['zebra'], isKnown: true, announcedBy: [], neighbors: 2 };

    expect(breaks({ record: { ...healthy.record!, announcement: yielded }, route, router })).to.deep.equal([
      'announcement',
    ]);
  });

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
