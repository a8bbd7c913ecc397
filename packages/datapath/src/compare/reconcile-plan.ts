import type { Address, AddressSpec, Link, LinkChange, Neighbour, NeighbourSpec, Route } from '@routed/netns';
import type { DesiredEndpoint, EndpointPlan } from '../endpoint/endpoint-plan.ts';
import { HostLinks } from '../endpoint/host-links.ts';
import { endpointOfAlias, LINK_GROUP } from '../names/kernel-names.ts';

/** What the kernel has that could be ours. */
export interface ActualState {
  /** Every link of the host's namespace. */
  readonly links: readonly Link[];
  /** Routes of our protocol. */
  readonly routes: readonly Route[];
  /** IPv6 addresses of the host's namespace. */
  readonly addresses: readonly Address[];
  /** Neighbours of the host's namespace. */
  readonly neighbours: readonly Neighbour[];
}

interface OfEndpoint {
  readonly endpointId: string;
  readonly linkIndex: number;
}

/** A repair of an endpoint that is in a sandbox. */
export type RepairOfJoined =
  | (OfEndpoint & { readonly kind: 'set-link'; readonly change: LinkChange })
  | (OfEndpoint & { readonly kind: 'add-address'; readonly address: AddressSpec })
  | (OfEndpoint & { readonly kind: 'add-route'; readonly destination: string })
  | (OfEndpoint & { readonly kind: 'delete-route'; readonly destination: string })
  | (OfEndpoint & { readonly kind: 'set-neighbour'; readonly neighbour: NeighbourSpec })
  | (OfEndpoint & { readonly kind: 'delete-neighbour'; readonly address: string });

/** One repair. None interrupts an endpoint that is as it should be. */
export type RepairAction =
  | RepairOfJoined
  | { readonly kind: 'delete-link'; readonly name: string; readonly linkIndex: number }
  | { readonly kind: 'forget-sandbox'; readonly endpointId: string };

/** Repairs of one joined endpoint, or one other repair. */
export type RepairGroup = readonly [RepairAction, ...RepairAction[]];

/** What is to be repaired together, in the order of the repairs. Pure. */
export function groupRepairs(actions: readonly RepairAction[]): readonly RepairGroup[] {
  const groups: [RepairAction, ...RepairAction[]][] = [];
  for (const action of actions) {
    const last = groups.at(-1);
    if (last !== undefined && isOfSameJoined(last[0], action)) last.push(action);
    else groups.push([action]);
  }
  return groups;
}

function isOfSameJoined(one: RepairAction, other: RepairAction): boolean {
  const isJoined = 'linkIndex' in one && 'endpointId' in one && 'linkIndex' in other && 'endpointId' in other;
  return isJoined && one.endpointId === other.endpointId;
}

/** Whether a repair sets up a link that is down, or may have to set it down on the way. */
export function raisesLink(action: RepairAction): action is Extract<RepairAction, { kind: 'set-link' }> {
  return action.kind === 'set-link' && (action.change.isUp === true || action.change.name !== undefined);
}

/**
 * The repairs that make the kernel what the endpoints want it to be. Pure.
 *
 * - A joined endpoint gets back what is missing or changed: its routes, its gateway address, its neighbours; its link
 *   being up, with its name, its MTU, its alias and its group, and a port of no bridge.
 * - A joined endpoint whose link is gone has lost its container: it waits for Docker to delete it.
 * - A link of ours with no endpoint is deleted, unless its other end is in a container: that one may be running since
 *   before the state was lost, and is let be.
 * - A route or permanent neighbour on an endpoint's link that the endpoint does not want is deleted.
 */
export function planRepairs(desired: readonly DesiredEndpoint[], actual: ActualState): RepairAction[] {
  const links = new HostLinks(actual.links, actual.routes);
  const found = {
    routes: groupByLink(actual.routes),
    addresses: groupByLink(actual.addresses),
    neighbours: groupByLink(actual.neighbours),
  };
  const wanted = new Set(desired.map(({ id }) => id));
  const inUse = new Set<number>();
  const actions: RepairAction[] = [];
  for (const endpoint of desired) {
    const destinations = endpoint.plan.routes.map(({ destination }) => destination);
    const link = links.of(endpoint.id, destinations);
    if (link === undefined) {
      actions.push({ kind: 'forget-sandbox', endpointId: endpoint.id });
      continue;
    }
    inUse.add(link.index);
    actions.push(...repairEndpoint(endpoint, link, found));
  }
  for (const link of actual.links) {
    if (!inUse.has(link.index) && isAbandoned(link, wanted))
      actions.push({ kind: 'delete-link', name: link.name, linkIndex: link.index });
  }
  return actions;
}

interface ByLink {
  readonly routes: ReadonlyMap<number | undefined, readonly Route[]>;
  readonly addresses: ReadonlyMap<number | undefined, readonly Address[]>;
  readonly neighbours: ReadonlyMap<number | undefined, readonly Neighbour[]>;
}

function repairEndpoint({ id, plan }: DesiredEndpoint, link: Link, found: ByLink): RepairAction[] {
  const at = { endpointId: id, linkIndex: link.index } as const;
  const change = planLink(plan, link);
  const addresses = new Set((found.addresses.get(link.index) ?? []).map(({ address }) => address));
  return [
    // First: the kernel drops routes and neighbours of a link that is down.
    ...(change === undefined ? [] : [{ kind: 'set-link', ...at, change } as const]),
    ...plan.hostAddresses
      .filter(({ address }) => !addresses.has(address))
      .map((address) => ({ kind: 'add-address', ...at, address: { ...address, linkIndex: link.index } }) as const),
    ...repairRoutes(plan, at, found.routes.get(link.index) ?? []),
    ...repairNeighbours(plan, at, found.neighbours.get(link.index) ?? []),
  ];
}

function planLink({ veth, settings }: EndpointPlan, link: Link): LinkChange | undefined {
  const change: LinkChange = {
    ...(link.alias !== settings.alias && { alias: settings.alias }),
    ...(link.group !== veth.group && { group: veth.group }),
    ...(link.mtuBytes !== veth.mtuBytes && { mtuBytes: veth.mtuBytes }),
    ...(link.name !== veth.name && { name: veth.name }),
    ...(link.masterIndex !== undefined && { masterIndex: 0 }),
    ...(!link.isUp && { isUp: true }),
  };
  return Object.keys(change).length === 0 ? undefined : change;
}

function repairRoutes(plan: EndpointPlan, at: OfEndpoint, routes: readonly Route[]): RepairAction[] {
  const present = new Set(routes.map(({ destination }) => destination));
  const desired = new Set(plan.routes.map(({ destination }) => destination));
  return [
    ...difference(desired, present).map((destination) => ({ kind: 'add-route', ...at, destination }) as const),
    ...difference(present, desired).map((destination) => ({ kind: 'delete-route', ...at, destination }) as const),
  ];
}

function repairNeighbours(plan: EndpointPlan, at: OfEndpoint, neighbours: readonly Neighbour[]): RepairAction[] {
  const permanent = new Map(
    neighbours.filter(({ isPermanent }) => isPermanent).map((held) => [held.address, held.mac]),
  );
  const desired = new Set(plan.neighbours.map(({ address }) => address));
  return [
    ...plan.neighbours
      .filter(({ address, mac }) => permanent.get(address) !== mac)
      .map((neighbour) => {
        return { kind: 'set-neighbour', ...at, neighbour: { ...neighbour, linkIndex: at.linkIndex } } as const;
      }),
    ...difference(new Set(permanent.keys()), desired).map(
      (address) => ({ kind: 'delete-neighbour', ...at, address }) as const,
    ),
  ];
}

function difference(from: ReadonlySet<string>, without: ReadonlySet<string>): string[] {
  return [...from].filter((entry) => !without.has(entry));
}

/** A link that we made, that no endpoint wants, and whose other end nobody uses. */
function isAbandoned(link: Link, wanted: ReadonlySet<string>): boolean {
  const endpointId = endpointOfAlias(link.alias);
  const isOurs =
    link.group === LINK_GROUP && link.kind === 'veth' && (link.alias === undefined || endpointId !== undefined);
  return isOurs && link.peerNetnsId === undefined && !(endpointId !== undefined && wanted.has(endpointId));
}

function groupByLink<T extends { readonly linkIndex?: number }>(items: readonly T[]): Map<number | undefined, T[]> {
  const groups = new Map<number | undefined, T[]>();
  for (const item of items) {
    const group = groups.get(item.linkIndex);
    if (group === undefined) groups.set(item.linkIndex, [item]);
    else group.push(item);
  }
  return groups;
}
