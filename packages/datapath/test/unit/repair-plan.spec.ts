import type { Link } from '@routed/netns';
import { expect } from 'chai';
import fc from 'fast-check';
import { type DesiredEndpoint, planEndpoint } from '../../src/endpoint/endpoint-plan.ts';
import { DELETE_GROUP } from '../../src/names/kernel-names.ts';
import { type ActualState, planRepairs, type RepairAction, stillDue } from '../../src/endpoint/repair-plan.ts';
import { healthy, indexOf, linkOf, neighbourOn, repaired, routeBy, stepsOf } from './support/kernel-model.ts';

function endpoint(id: string, ...addresses: string[]): DesiredEndpoint {
  const endpointAddresses = addresses.map((address) => ({
    family: address.includes(':') ? (6 as const) : (4 as const),
    address,
    poolId: 'p',
    gateway: address.includes(':') ? 'fe80::1' : '169.254.1.1',
  }));
  const facts = {
    networkId: 'n',
    addresses: endpointAddresses,
    additional: [],
    spoof: 'strict',
    mac: '02:42:00:00:00:01',
  } as const;
  return planEndpoint({ id, ...facts }, { mtuBytes: 1500, txQueueLength: 500 });
}

const a = endpoint('aaaaaaaaaaaaaaaa', '10.1.0.2', 'fd00::2');
const b = endpoint('bbbbbbbbbbbbbbbb', '10.1.0.3');
const c = endpoint('cccccccccccccccc', 'fd00::3');
const limits = { shapes: new Map(), links: [] };
const empty: ActualState = { links: [], routes: [], addresses: [], neighbours: [], limits };

function atHome(link: Link, changes: Partial<Link> = {}): Link {
  const rest = { ...link, ...changes };
  delete (rest as { peerNetnsId?: number }).peerNetnsId;
  return rest;
}

function steps(desired: readonly DesiredEndpoint[], actual: ActualState): RepairAction[] {
  return stepsOf(planRepairs(desired, actual));
}

describe('planRepairs', () => {
  it('raises a link and gives back routes, gateway address and neighbours, in this order', () => {
    const state = { ...healthy([a, b]), routes: [routeBy(11, '10.1.0.3/32')], addresses: [] };
    const broken = {
      ...state,
      links: [linkOf(a, 10, { isUp: false }), linkOf(b, 11)],
      neighbours: [neighbourOn(11, '10.1.0.3')],
    };

    expect(steps([a, b], broken).map(({ kind }) => kind)).to.deep.equal([
      ...['set-link', 'add-address', 'add-route', 'add-route', 'set-neighbour', 'set-neighbour', 'set-neighbour'],
    ]);
  });

  const changes: [string, Partial<Link>, object][] = [
    ['is down', { isUp: false }, { isUp: true }],
    ['has another MTU', { mtuBytes: 9000 }, { mtuBytes: 1500 }],
    ['has another attribute', { txQueueLength: 1000 }, { txQueueLength: 500 }],
    ['has another alias', { alias: 'mine' }, { alias: b.settings.alias }],
    ['has another group', { group: 0 }, { group: b.veth.group }],
    ["has another endpoint's alias", { alias: 'routed:dddd' }, { alias: b.settings.alias }],
    ['was renamed', { name: 'eth7' }, { name: b.veth.name }],
    ['was put into a bridge', { masterIndex: 7 }, { masterIndex: 0 }],
    [
      'was renamed and aliased anew, and is known by its route',
      { name: 'eth7', alias: 'mine' },
      { alias: b.settings.alias, name: b.veth.name },
    ],
  ];
  for (const [what, change, repair] of changes) {
    it(`mends a link that ${what}, and nothing else of it`, () => {
      const state = { ...healthy([b]), links: [linkOf(b, 10, change)] };

      expect(steps([b], state)).to.deep.equal([{ kind: 'set-link', endpointId: b.id, linkIndex: 10, change: repair }]);
    });
  }

  it('gives back a neighbour that is gone, is another, or ages', () => {
    const wrong = [
      neighbourOn(10, '10.1.0.3', '02:00:00:00:00:99'),
      { ...neighbourOn(10, '10.1.0.3'), isPermanent: false },
    ];
    for (const neighbours of [[], ...wrong.map((entry) => [entry])]) {
      const [action, ...others] = steps([b], { ...healthy([b]), neighbours });
      expect(others).to.deep.equal([]);
      expect(action).to.deep.include({ kind: 'set-neighbour', endpointId: b.id });
      expect(action).to.have.nested.property('neighbour.mac', '02:42:00:00:00:01');
    }
  });

  it('deletes a route to an endpoint, and a permanent neighbour, that it does not want', () => {
    const state = healthy([b]);
    const learnt = { ...neighbourOn(10, '10.1.0.8'), isPermanent: false };
    const more = {
      ...state,
      routes: [...state.routes, routeBy(10, '10.1.0.9/32')],
      neighbours: [...state.neighbours, neighbourOn(10, '10.1.0.9'), learnt],
    };

    expect(steps([b], more)).to.deep.equal([
      {
        kind: 'delete-route',
        endpointId: b.id,
        route: { linkIndex: 10, destination: '10.1.0.9/32', scope: 'link', protocol: 200 },
      },
      { kind: 'delete-neighbour', endpointId: b.id, neighbour: { linkIndex: 10, address: '10.1.0.9' } },
    ]);
  });

  it('notes that a container is gone when its link is, is another, or waits for its deletion', () => {
    const gone = [{ kind: 'forget-sandbox', endpointId: b.id }];
    const strangers = [{ alias: 'lab', group: 0 }, { group: DELETE_GROUP }];

    expect(steps([b], empty)).to.deep.equal(gone);
    for (const change of strangers)
      expect(steps([b], { ...empty, links: [linkOf(b, 10, change)] })).to.deep.equal(gone);
  });

  it('deletes no link of an endpoint that has the alias of one that nobody knows', () => {
    const state = { ...healthy([b]), links: [atHome(linkOf(b, 10, { alias: 'routed:dddddddddddddddd' }))] };

    expect(steps([b], state).map(({ kind }) => kind)).to.deep.equal(['set-link']);
  });

  it('takes no link for an endpoint’s that is another’s by its name', () => {
    const other = linkOf(b, 10, { name: 'vethrdddddddddd', alias: 'routed:dddddddddddddddd' });

    expect(steps([b], { ...healthy([b]), links: [other] })).to.deep.equal([
      { kind: 'forget-sandbox', endpointId: b.id },
    ]);
  });

  it('deletes a link of ours that nobody has, also an unfinished one', () => {
    const unfinished = atHome(linkOf(a, 11, { name: 'vethrcccccccccc' }));
    delete (unfinished as { alias?: string }).alias;

    expect(steps([], { ...empty, links: [atHome(linkOf(a, 10)), unfinished] })).to.deep.equal([
      { kind: 'delete-link', name: 'vethraaaaaaaaaa', linkIndex: 10 },
      { kind: 'delete-link', name: 'vethrcccccccccc', linkIndex: 11 },
    ]);
  });

  it('lets a link be whose other end is in a container, though its endpoint is not known', () => {
    expect(steps([], healthy([a]))).to.deep.equal([]);
  });

  describe('for any damage to any endpoints', () => {
    const all = [a, b, c];
    const linkDamage = fc.constantFrom<Partial<Link>>(
      {},
      { isUp: false },
      { mtuBytes: 1400 },
      { alias: 'mine' },
      { group: 0 },
      { name: 'renamed' },
      { alias: 'routed:eeeeeeeeeeeeeeee' },
      { masterIndex: 7 },
      { isUp: false, mtuBytes: 68, alias: 'x' },
    );
    const keep = fc.array(fc.boolean(), { minLength: 5, maxLength: 5 });
    const strangers: ActualState = {
      links: [
        linkOf(b, 90, { name: 'veth0', alias: 'lab', group: 0, isUp: false }),
        atHome(linkOf(c, 91, { name: 'br0', group: 0, kind: 'bridge', alias: 'x' })),
        linkOf(endpoint('dddddddddddddddd', '10.1.0.77'), 92),
      ],
      routes: [routeBy(92, '10.1.0.77/32'), routeBy(90, '10.9.0.0/16')],
      addresses: [],
      neighbours: [neighbourOn(90, '10.9.0.1'), neighbourOn(92, '10.1.0.77')],
      limits,
    };
    const damaged = fc
      .record({ links: fc.tuple(linkDamage, linkDamage, linkDamage), routes: keep, addresses: keep, neighbours: keep })
      .map((damage): ActualState => {
        const state = healthy(all);
        return {
          links: [...strangers.links, ...state.links.map((link, at) => ({ ...link, ...damage.links[at] }))],
          routes: [...strangers.routes, ...state.routes.filter((_, at) => damage.routes[at])],
          addresses: state.addresses.filter((_, at) => damage.addresses[at]),
          neighbours: [...strangers.neighbours, ...state.neighbours.filter((_, at) => damage.neighbours[at])],
          limits,
        };
      });
    const wanted = fc.subarray(all);
    it('proposes nothing more once its repairs are done', () => {
      fc.assert(
        fc.property(wanted, damaged, (endpoints, state) => {
          const after = steps(endpoints, state).reduce(repaired, state);

          expect(steps(endpoints, after)).to.deep.equal([]);
        }),
      );
    });

    it('touches nothing that is not of an endpoint of ours', () => {
      fc.assert(
        fc.property(wanted, damaged, (endpoints, state) => {
          const own = new Set(endpoints.map((each) => all.indexOf(each) + 10));

          for (const action of steps(endpoints, state)) expect(own).to.include(indexOf(action));
        }),
      );
    });

    it('does nothing to an endpoint that is as it should be', () => {
      fc.assert(
        fc.property(damaged, (state) => {
          const fine = healthy([b]);
          const ofB = <T extends { readonly linkIndex?: number }>(items: readonly T[]): T[] =>
            items.filter(({ linkIndex }) => linkIndex !== 11);
          const at11 = <T extends { readonly linkIndex?: number }>(items: readonly T[]): T[] =>
            items.map((item) => ({ ...item, linkIndex: 11 }));
          const mixed: ActualState = {
            links: [...state.links.filter(({ index }) => index !== 11), linkOf(b, 11)],
            routes: [...ofB(state.routes), ...at11(fine.routes)],
            addresses: state.addresses,
            neighbours: [...ofB(state.neighbours), ...at11(fine.neighbours)],
            limits,
          };

          const actions = steps(all, mixed);

          expect(actions.filter((action) => 'endpointId' in action && action.endpointId === b.id)).to.deep.equal([]);
        }),
      );
    });
  });
});

describe('stillDue', () => {
  const route = { destination: '10.1.0.2/32', linkIndex: 10 };

  it('leaves out what another plan does not have any more, and adds nothing', () => {
    const planned = [
      { kind: 'add-route', route },
      { kind: 'delete-route', route: { ...route, destination: '10.1.0.9/32' } },
    ] as const;

    expect(
      stillDue(planned, [
        { kind: 'add-route', route },
        { kind: 'delete-route', route },
      ]),
    ).to.deep.equal([{ kind: 'add-route', route }]);
  });
});
