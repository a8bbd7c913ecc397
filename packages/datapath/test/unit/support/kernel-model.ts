import type { Address, Link, LinkChange, Neighbour, Route } from '@routed/netns';
import type { DesiredEndpoint } from '../../../src/endpoint/endpoint-plan.ts';
import { LINK_GROUP } from '../../../src/names/kernel-names.ts';
import type { ActualState, Repair, RepairAction } from '../../../src/endpoint/repair-plan.ts';

/** The endpoint's host link as it is when nothing is wrong, its other end in a container. */
export function linkOf({ settings }: DesiredEndpoint, index: number, changes: Partial<Link> = {}): Link {
  const { name, mtuBytes, txQueueLength = 1000, alias } = settings;
  const fixed = {
    hasCarrier: true,
    isRunning: true,
    isLoopback: false,
    group: LINK_GROUP,
    kind: 'veth',
    peerNetnsId: 1,
  };
  return { index, name, isUp: true, mtuBytes, txQueueLength, ...fixed, alias, ...changes };
}

/** A route of ours by a link. */
export function routeBy(linkIndex: number, destination: string): Route {
  return { destination, linkIndex, protocol: 200 } as Route;
}

/** A permanent neighbour on a link. */
export function neighbourOn(linkIndex: number, address: string, mac = '02:42:00:00:00:01'): Neighbour {
  return { linkIndex, address, mac, isPermanent: true } as Neighbour;
}

/** The kernel when nothing is wrong: links have the indexes 10, 11, ... */
export function healthy(endpoints: readonly DesiredEndpoint[]): ActualState {
  const each = endpoints.map((endpoint, position) => [endpoint, position + 10] as const);
  return {
    links: endpoints.map((endpoint, position) => linkOf(endpoint, position + 10)),
    routes: each.flatMap(([plan, index]) => plan.routes.map(({ destination }) => routeBy(index, destination))),
    addresses: each.flatMap(([plan, linkIndex]) =>
      plan.hostAddresses.map((address) => ({ ...address, linkIndex }) as unknown as Address),
    ),
    neighbours: each.flatMap(([plan, index]) =>
      plan.neighbours.map(({ address, mac }) => neighbourOn(index, address, mac)),
    ),
    limits: { shapes: new Map(each.map(([plan, index]) => [index, plan.limits])), links: [] },
  };
}

/** The steps of repairs, in order. */
export function stepsOf(repairs: readonly Repair[]): RepairAction[] {
  return repairs.flatMap((repair): RepairAction[] => {
    if (repair.kind !== 'change-endpoint') return [repair];
    return repair.changes.map((change) => ({ ...change, endpointId: repair.endpointId }));
  });
}

/** The index of the link that a step is about. */
export function indexOf(action: RepairAction): number | undefined {
  if ('linkIndex' in action) return action.linkIndex;
  if ('address' in action) return action.address.linkIndex;
  if ('route' in action) return action.route.linkIndex;
  return 'neighbour' in action ? action.neighbour.linkIndex : undefined;
}

/** The kernel after a step of a repair. */
export function repaired(state: ActualState, action: RepairAction): ActualState {
  const { links, routes, addresses, neighbours } = state;
  switch (action.kind) {
    case 'set-link':
      return {
        ...state,
        links: links.map((link) => (link.index === action.linkIndex ? changed(link, action.change) : link)),
      };
    case 'add-address':
      return { ...state, addresses: [...addresses, action.address as unknown as Address] };
    case 'add-route':
      return { ...state, routes: [...routes, routeBy(action.route.linkIndex!, action.route.destination)] };
    case 'delete-route': {
      const { linkIndex, destination } = action.route;
      return { ...state, routes: routes.filter((r) => r.linkIndex !== linkIndex || r.destination !== destination) };
    }
    case 'set-neighbour': {
      const { linkIndex, address, mac } = action.neighbour;
      const others = neighbours.filter((held) => held.linkIndex !== linkIndex || held.address !== address);
      return { ...state, neighbours: [...others, neighbourOn(linkIndex, address, mac)] };
    }
    case 'delete-neighbour': {
      const { linkIndex, address } = action.neighbour;
      return { ...state, neighbours: neighbours.filter((n) => n.linkIndex !== linkIndex || n.address !== address) };
    }
    case 'delete-link':
      return { ...state, links: links.filter(({ index }) => index !== action.linkIndex) };
    case 'forget-sandbox':
      return state;
    default:
      throw new Error(`no repair of an endpoint: ${action.kind}`);
  }
}

/** Master 0 is none; how addresses are made is not told. */
function changed(link: Link, change: LinkChange): Link {
  const { masterIndex, ...rest } = { ...link, ...change };
  return masterIndex === undefined || masterIndex === 0 ? rest : { ...rest, masterIndex };
}
