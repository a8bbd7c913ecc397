import { type AddressSpec, type Neighbour, type RouteSpec, diff } from '@routed/netns';
import type { KernelChange } from '../ground/kernel-change.ts';
import { changeLimits, type KnownShapes, type LimitChange } from '../limits/limit-changes.ts';
import { MAIN_TABLE } from '../names/kernel-names.ts';
import { type DesiredEndpoint, hostRoute, type LinkSettings, type RouteKind } from './endpoint-plan.ts';

/** One change of what an endpoint has. */
export type EndpointChange = KernelChange | LimitChange;

/** What the kernel is known to have of an endpoint: what it was told before, or what was read from it. */
export interface KnownEndpoint {
  readonly settings: { readonly [Field in keyof LinkSettings]?: LinkSettings[Field] | undefined };
  readonly hostAddresses: readonly Pick<AddressSpec, 'address'>[];
  readonly routes: readonly (Pick<RouteSpec, 'destination'> & RouteKind)[];
  readonly neighbours: readonly Pick<Neighbour, 'address' | 'mac' | 'isPermanent'>[];
  readonly limits: KnownShapes;
}

/** What there is of an endpoint whose pair of links has just been made. */
export function bareLink({ settings: made }: DesiredEndpoint): KnownEndpoint {
  const settings = { ...made, alias: undefined, isUp: false, ipv6AddressGeneration: undefined };
  return { settings, hostAddresses: [], routes: [], neighbours: [], limits: {} };
}

/**
 * The changes that make the kernel have what is desired of an endpoint, and no other route or permanent neighbour on its link.
 * Pure. A route that gets another table or metric is added before the old one goes.
 *
 * Limits come first: to put one on a link that is up interrupts it. Then the link: the kernel drops routes and neighbours of a link that is down.
 */
export function planChanges(desired: DesiredEndpoint, known: KnownEndpoint, linkIndex: number): EndpointChange[] {
  return [
    ...changeLimits(desired, known.limits, linkIndex),
    ...changeLink(desired, known, linkIndex),
    ...diff(desired.hostAddresses, known.hostAddresses, addressOf).missing.map(
      (address) => ({ kind: 'add-address', address: { ...address, linkIndex } }) as const,
    ),
    ...changeRoutes(desired, known, linkIndex),
    ...changeNeighbours(desired, known, linkIndex),
  ];
}

function changeLink({ settings }: DesiredEndpoint, known: KnownEndpoint, linkIndex: number): KernelChange[] {
  const fields = Object.keys(settings) as (keyof LinkSettings)[];
  const wrong = fields.filter((field) => settings[field] !== known.settings[field]);
  const change = Object.fromEntries(wrong.map((field) => [field, settings[field]]));
  return wrong.length === 0 ? [] : [{ kind: 'set-link', linkIndex, change }];
}

function changeRoutes(desired: DesiredEndpoint, known: KnownEndpoint, linkIndex: number): KernelChange[] {
  type Held = KnownEndpoint['routes'][number];
  const keyOf = (route: Held): string => `${route.destination} ${route.table ?? MAIN_TABLE} ${metricOf(route)}`;
  const { missing, surplus } = diff(desired.routes, known.routes, keyOf);
  return [
    ...missing.map((route) => ({ kind: 'add-route', route: { ...route, linkIndex } }) as const),
    ...surplus.map(
      ({ destination, table, metric }) =>
        ({ kind: 'delete-route', route: { ...hostRoute(destination, { table, metric }), linkIndex } }) as const,
    ),
  ];
}

/** The metric that the kernel has, or chooses. Source: linux uapi ipv6_route.h IP6_RT_PRIO_USER. */
function metricOf({ destination, metric = 0 }: KnownEndpoint['routes'][number]): number {
  return metric === 0 && destination.includes(':') ? 1024 : metric;
}

function changeNeighbours(desired: DesiredEndpoint, known: KnownEndpoint, linkIndex: number): KernelChange[] {
  const permanent = known.neighbours.filter(({ isPermanent }) => isPermanent);
  const { missing, changed, surplus } = diff(
    desired.neighbours,
    permanent,
    addressOf,
    (one, other) => one.mac === other.mac,
  );
  return [
    ...[...missing, ...changed.map((one) => one.desired)].map(
      (neighbour) => ({ kind: 'set-neighbour', neighbour: { ...neighbour, linkIndex } }) as const,
    ),
    ...surplus.map(({ address }) => ({ kind: 'delete-neighbour', neighbour: { address, linkIndex } }) as const),
  ];
}

function addressOf({ address }: { readonly address: string }): string {
  return address;
}
