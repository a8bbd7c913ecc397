import type { Address, Link, Neighbour, Route } from '@routed/netns';
import { endpointOfAlias, endpointOfLimitAlias, LINK_GROUP } from '../names/kernel-names.ts';
import { type EndpointChange, type KnownEndpoint, planChanges } from './endpoint-changes.ts';
import type { DesiredEndpoint } from './endpoint-plan.ts';
import { HostLinks } from './host-links.ts';
import type { ActualLimits } from '../limits/link-limits.ts';

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
  readonly limits: ActualLimits;
}

/** What an endpoint in a sandbox lacks, or has wrong. */
export interface EndpointRepair {
  readonly kind: 'change-endpoint';
  readonly endpointId: string;
  readonly linkIndex: number;
  /** What the changes were planned from. */
  readonly known: KnownEndpoint;
  readonly changes: readonly EndpointChange[];
}

/** A link of ours that no endpoint wants. */
export interface LinkDeletion {
  readonly kind: 'delete-link';
  readonly name: string;
  readonly linkIndex: number;
}

/** A repair of one endpoint, or of one link. None interrupts an endpoint that is as it should be. */
export type Repair = EndpointRepair | LinkDeletion | { readonly kind: 'forget-sandbox'; readonly endpointId: string };

/** One step of a repair. */
export type RepairAction = (EndpointChange & { readonly endpointId: string }) | Exclude<Repair, EndpointRepair>;

/** Whether a change sets up a link that is down, or may have to set it down on the way. */
export function raisesLink(change: EndpointChange): boolean {
  return change.kind === 'set-link' && (change.change.isUp === true || change.change.name !== undefined);
}

/** Those of the planned changes that are due still, now that others may be. Pure. */
export function stillDue(planned: readonly EndpointChange[], now: readonly EndpointChange[]): EndpointChange[] {
  const due = new Set(now.map((change) => JSON.stringify(change)));
  return planned.filter((change) => due.has(JSON.stringify(change)));
}

/**
 * The repairs that make the kernel what the endpoints want it to be. Pure.
 *
 * - A joined endpoint gets back what is missing or changed: its routes, its gateway address, its neighbours; its link
 *   being up, with its limits, its name, its attributes such as the MTU, its alias and its group, and a port of no bridge.
 * - A joined endpoint whose link is gone has lost its container: it waits for Docker to delete it.
 * - A link of ours with no endpoint is deleted, unless its other end is in a container: that one may be running since
 *   before the state was lost, and is let be.
 * - A link that shapes what no endpoint's container sends is deleted.
 * - A route or permanent neighbour on an endpoint's link that the endpoint does not want is deleted.
 */
export function planRepairs(desired: readonly DesiredEndpoint[], actual: ActualState): Repair[] {
  const links = new HostLinks(actual.links, actual.routes);
  const on = {
    routes: groupByLink(actual.routes),
    addresses: groupByLink(actual.addresses),
    neighbours: groupByLink(actual.neighbours),
  };
  const wanted = new Set(desired.map(({ id }) => id));
  const inUse = new Set<number>();
  const present = new Set<string>();
  const repairs: Repair[] = [];
  for (const endpoint of desired) {
    const destinations = endpoint.routes.map(({ destination }) => destination);
    const link = links.of(endpoint.id, destinations);
    if (link === undefined) {
      repairs.push({ kind: 'forget-sandbox', endpointId: endpoint.id });
      continue;
    }
    inUse.add(link.index);
    present.add(endpoint.id);
    const known = knownOf(link, on, actual.limits);
    const changes = planChanges(endpoint, known, link.index);
    if (changes.length > 0)
      repairs.push({ kind: 'change-endpoint', endpointId: endpoint.id, linkIndex: link.index, known, changes });
  }
  for (const link of actual.links) {
    if (!inUse.has(link.index) && isAbandoned(link, wanted))
      repairs.push({ kind: 'delete-link', name: link.name, linkIndex: link.index });
  }
  for (const { alias, name, index: linkIndex } of actual.limits.links) {
    // One of an endpoint that is there is that endpoint's, with a limit or without.
    if (!present.has(endpointOfLimitAlias(alias) ?? '')) repairs.push({ kind: 'delete-link', name, linkIndex });
  }
  return repairs;
}

interface ByLink {
  readonly routes: ReadonlyMap<number | undefined, readonly Route[]>;
  readonly addresses: ReadonlyMap<number | undefined, readonly Address[]>;
  readonly neighbours: ReadonlyMap<number | undefined, readonly Neighbour[]>;
}

function knownOf(link: Link, on: ByLink, limits: ActualLimits): KnownEndpoint {
  const { index, masterIndex = 0 } = link;
  return {
    // The kernel does not tell how it makes addresses: what Join said holds.
    settings: { ...link, masterIndex, ipv6AddressGeneration: 'none' },
    hostAddresses: on.addresses.get(index) ?? [],
    routes: on.routes.get(index) ?? [],
    neighbours: on.neighbours.get(index) ?? [],
    limits: limits.shapes.get(index) ?? {},
  };
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
