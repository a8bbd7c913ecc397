import type { AddressSpec, Neighbour, RouteSpec } from '@routed/netns';
import type { KernelChange } from '../ground/kernel-change.ts';
import { MAIN_TABLE } from '../names/kernel-names.ts';
import { type DesiredEndpoint, hostRoute, type LinkSettings } from './endpoint-plan.ts';

/** What the kernel is known to have of an endpoint: what it was told before, or what was read from it. */
export interface KnownEndpoint {
  readonly settings: { readonly [Field in keyof LinkSettings]?: LinkSettings[Field] | undefined };
  readonly hostAddresses: readonly Pick<AddressSpec, 'address'>[];
  readonly routes: readonly Pick<RouteSpec, 'destination' | 'table'>[];
  readonly neighbours: readonly Pick<Neighbour, 'address' | 'mac' | 'isPermanent'>[];
}

/** What there is of an endpoint whose pair of links has just been made. */
export function bareLink({ settings: made }: DesiredEndpoint): KnownEndpoint {
  const settings = { ...made, alias: undefined, isUp: false, ipv6AddressGeneration: undefined };
  return { settings, hostAddresses: [], routes: [], neighbours: [] };
}

/**
 * The changes that make the kernel have what is desired of an endpoint, and no other route or permanent neighbour on its link.
 * Pure. A route that moves to another table is added there before it goes from where it was.
 *
 * The link comes first: the kernel drops routes and neighbours of a link that is down.
 */
export function planChanges(desired: DesiredEndpoint, known: KnownEndpoint, linkIndex: number): KernelChange[] {
  return [
    ...changeLink(desired, known, linkIndex),
    ...difference(desired.hostAddresses, known.hostAddresses, ({ address }) => address).map(
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
  type Held = Pick<RouteSpec, 'destination' | 'table'>;
  const keyOf = ({ destination, table = MAIN_TABLE }: Held): string => `${destination} ${table}`;
  return [
    ...difference(desired.routes, known.routes, keyOf).map(
      (route) => ({ kind: 'add-route', route: { ...route, linkIndex } }) as const,
    ),
    ...difference(known.routes, desired.routes, keyOf).map(
      ({ destination, table }) =>
        ({ kind: 'delete-route', route: { ...hostRoute(destination, table), linkIndex } }) as const,
    ),
  ];
}

function changeNeighbours(desired: DesiredEndpoint, known: KnownEndpoint, linkIndex: number): KernelChange[] {
  type Held = Pick<Neighbour, 'address' | 'mac'>;
  const permanent = known.neighbours.filter(({ isPermanent }) => isPermanent);
  const missing = difference(desired.neighbours, permanent, ({ address, mac = '' }: Held) => `${address} ${mac}`);
  const unwanted = difference(permanent, desired.neighbours, ({ address }: Held) => address);
  return [
    ...missing.map((neighbour) => ({ kind: 'set-neighbour', neighbour: { ...neighbour, linkIndex } }) as const),
    ...unwanted.map(({ address }) => ({ kind: 'delete-neighbour', neighbour: { address, linkIndex } }) as const),
  ];
}

/** The items that are not among others, compared by key. */
function difference<Item extends Key, Key>(
  items: readonly Item[],
  others: readonly Key[],
  keyOf: (item: Key) => string,
): Item[] {
  const keys = new Set(others.map(keyOf));
  return items.filter((item) => !keys.has(keyOf(item)));
}
