import type { Link, Route } from '@routed/netns';
import { expect } from 'chai';
import fc from 'fast-check';
import { type DesiredEndpoint, planEndpoint } from '../../src/endpoints/endpoint-plan.ts';
import { LINK_GROUP } from '../../src/endpoints/kernel-names.ts';
import { type ActualState, planRepairs } from '../../src/reconcile/reconcile-plan.ts';

function endpoint(id: string, ...addresses: string[]): DesiredEndpoint {
  const endpointAddresses = addresses.map((address) => ({
    family: address.includes(':') ? (6 as const) : (4 as const),
    address,
    poolId: 'p',
    gateway: address.includes(':') ? 'fe80::1' : '169.254.1.1',
  }));
  return {
    id,
    plan: planEndpoint(
      { id, networkId: 'n', addresses: endpointAddresses, additional: [], spoof: 'strict', mac: '02:42:00:00:00:01' },
      1500,
    ),
  };
}

function linkOf({ plan }: DesiredEndpoint, index: number, changes: Partial<Link> = {}): Link {
  const { name } = plan.veth;
  const { alias } = plan.settings;
  const fixed = {
    mtuBytes: 1500,
    hasCarrier: true,
    isLoopback: false,
    group: LINK_GROUP,
    kind: 'veth',
    peerNetnsId: 1,
  };
  return { index, name, isUp: true, ...fixed, alias, ...changes };
}

function routesOf({ plan }: DesiredEndpoint, linkIndex: number): Route[] {
  return plan.routes.map(({ destination }) => ({ destination, linkIndex, protocol: 200 }) as Route);
}

/** The kernel as it is when nothing is wrong. */
function healthy(endpoints: readonly DesiredEndpoint[]): ActualState {
  return {
    links: endpoints.map((each, index) => linkOf(each, index + 10)),
    routes: endpoints.flatMap((each, index) => routesOf(each, index + 10)),
    addresses: endpoints.flatMap(({ plan }, index) =>
      plan.hostAddresses.map((address) => ({ ...address, linkIndex: index + 10 }) as ActualState['addresses'][number]),
    ),
  };
}

const a = endpoint('aaaaaaaaaaaaaaaa', '10.1.0.2', 'fd00::2');
const b = endpoint('bbbbbbbbbbbbbbbb', '10.1.0.3');

describe('planRepairs', () => {
  it('does nothing when nothing is wrong, whatever else the host has', () => {
    const state = healthy([a, b]);
    const foreign = linkOf(b, 99, { name: 'veth0', alias: 'lab', group: 0, isUp: false });

    expect(planRepairs([a, b], { ...state, links: [...state.links, foreign] })).to.deep.equal([]);
  });

  it('raises a link and gives back routes and gateway address', () => {
    const state = { links: [linkOf(a, 10, { isUp: false }), linkOf(b, 11)], routes: routesOf(b, 11), addresses: [] };

    expect(planRepairs([a, b], state).map(({ kind }) => kind)).to.deep.equal([
      'raise-link',
      'add-address',
      'add-route',
      'add-route',
    ]);
  });

  it('deletes a route to an endpoint that does not want it', () => {
    const state = healthy([b]);
    const stale = { destination: '10.1.0.9/32', linkIndex: 10, protocol: 200 } as Route;

    expect(planRepairs([b], { ...state, routes: [...state.routes, stale] })).to.deep.equal([
      { kind: 'delete-route', endpointId: b.id, linkIndex: 10, destination: '10.1.0.9/32' },
    ]);
  });

  it('notes that a container is gone when its link is, or is another', () => {
    const gone = [{ kind: 'forget-sandbox', endpointId: b.id }];

    expect(planRepairs([b], { links: [], routes: [], addresses: [] })).to.deep.equal(gone);
    const stranger = linkOf(b, 10, { alias: 'lab', group: 0 });
    expect(planRepairs([b], { links: [stranger], routes: [], addresses: [] })).to.deep.equal(gone);
  });

  it('deletes a link of ours that nobody has, also an unfinished one', () => {
    const back = linkOf(a, 10);
    delete (back as { peerNetnsId?: number }).peerNetnsId;
    const unfinished = { ...back, index: 11, name: 'vethrcccccccccc' };
    delete (unfinished as { alias?: string }).alias;

    expect(planRepairs([], { links: [back, unfinished], routes: [], addresses: [] })).to.deep.equal([
      { kind: 'delete-link', name: 'vethraaaaaaaaaa', linkIndex: 10 },
      { kind: 'delete-link', name: 'vethrcccccccccc', linkIndex: 11 },
    ]);
  });

  it('lets a link be whose other end is in a container, though its endpoint is not known', () => {
    expect(planRepairs([], healthy([a]))).to.deep.equal([]);
  });

  it('proposes nothing more once its repairs are done, for any damage', () => {
    const endpoints = [a, b, endpoint('cccccccccccccccc', 'fd00::3')];
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }), (damage) => {
        const state = healthy(endpoints);
        const keep = <T>(items: readonly T[], offset: number): T[] =>
          items.filter((_, index) => damage[offset + index]);
        const broken = {
          links: state.links.map((link, index) => ({ ...link, isUp: damage[index] === true })),
          routes: keep(state.routes, 3),
          addresses: keep(state.addresses, 8),
        };

        const repaired = planRepairs(endpoints, broken).reduce((after, action) => {
          if (action.kind === 'raise-link') {
            const links = after.links.map((link) => (link.index === action.linkIndex ? { ...link, isUp: true } : link));
            return { ...after, links };
          }
          if (action.kind === 'add-route')
            return { ...after, routes: [...after.routes, { ...action } as unknown as Route] };
          if (action.kind !== 'add-address') throw new Error(`not for this damage: ${action.kind}`);
          return { ...after, addresses: [...after.addresses, action.address as ActualState['addresses'][number]] };
        }, broken);

        expect(planRepairs(endpoints, repaired)).to.deep.equal([]);
      }),
    );
  });
});
