import type { Address, AddressSpec, Link, Route } from '@routed/netns';
import type { DesiredEndpoint } from '../endpoints/endpoint-plan.ts';
import { endpointOfAlias, LINK_GROUP } from '../endpoints/kernel-names.ts';

/** What the kernel has that could be ours. */
export interface ActualState {
  /** Every link of the host's namespace. */
  readonly links: readonly Link[];
  /** Routes of our protocol. */
  readonly routes: readonly Route[];
  /** IPv6 addresses of the host's namespace. */
  readonly addresses: readonly Address[];
}

/** One repair. None interrupts an endpoint that is as it should be. */
export type RepairAction =
  | { readonly kind: 'raise-link'; readonly endpointId: string; readonly linkIndex: number }
  | { readonly kind: 'add-address'; readonly endpointId: string; readonly address: AddressSpec }
  | {
      readonly kind: 'add-route';
      readonly endpointId: string;
      readonly linkIndex: number;
      readonly destination: string;
    }
  | {
      readonly kind: 'delete-route';
      readonly endpointId: string;
      readonly linkIndex: number;
      readonly destination: string;
    }
  | { readonly kind: 'delete-link'; readonly name: string; readonly linkIndex: number }
  | { readonly kind: 'forget-sandbox'; readonly endpointId: string };

/**
 * The repairs that make the kernel what the endpoints want it to be. Pure.
 *
 * - A joined endpoint gets back what is missing: its routes, its gateway address, its link being up.
 * - A joined endpoint whose link is gone has lost its container: it waits for Docker to delete it.
 * - A link of ours with no endpoint is deleted, unless its other end is in a container: that one may be running since
 *   before the state was lost, and is let be.
 * - A route of ours that no endpoint wants is deleted, if it leads to an endpoint's link.
 */
export function planRepairs(desired: readonly DesiredEndpoint[], actual: ActualState): RepairAction[] {
  const links = new Map(actual.links.map((link) => [link.name, link]));
  const routes = groupBy(actual.routes, ({ linkIndex }) => linkIndex);
  const addresses = groupBy(actual.addresses, ({ linkIndex }) => linkIndex);
  const wanted = new Set(desired.map(({ id }) => id));
  return [
    ...desired.flatMap((endpoint) => {
      const link = links.get(endpoint.plan.veth.name);
      if (link === undefined || link.alias !== endpoint.plan.settings.alias)
        return [{ kind: 'forget-sandbox', endpointId: endpoint.id } as const];
      return repairEndpoint(endpoint, link, routes.get(link.index) ?? [], addresses.get(link.index) ?? []);
    }),
    ...actual.links.filter((link) => isAbandoned(link, wanted)).map(({ name, index }) => deleteLink(name, index)),
  ];
}

/** The repairs of one endpoint whose link is there. Pure. */
export function repairEndpoint(
  { id, plan }: DesiredEndpoint,
  link: Link,
  routes: readonly Route[],
  addresses: readonly Address[],
): RepairAction[] {
  const linkIndex = link.index;
  const present = new Set(routes.map(({ destination }) => destination));
  const held = new Set(addresses.map(({ address }) => address));
  const desired = new Set(plan.routes.map(({ destination }) => destination));
  return [
    ...(link.isUp ? [] : [{ kind: 'raise-link', endpointId: id, linkIndex } as const]),
    ...plan.hostAddresses
      .filter(({ address }) => !held.has(address))
      .map((address) => ({ kind: 'add-address', endpointId: id, address: { ...address, linkIndex } }) as const),
    ...[...desired]
      .filter((destination) => !present.has(destination))
      .map((destination) => ({ kind: 'add-route', endpointId: id, linkIndex, destination }) as const),
    ...[...present]
      .filter((destination) => !desired.has(destination))
      .map((destination) => ({ kind: 'delete-route', endpointId: id, linkIndex, destination }) as const),
  ];
}

/** A link that we made, that no endpoint has, and whose other end nobody uses. */
function isAbandoned(link: Link, wanted: ReadonlySet<string>): boolean {
  const endpointId = endpointOfAlias(link.alias);
  const isOurs =
    link.group === LINK_GROUP && link.kind === 'veth' && (link.alias === undefined || endpointId !== undefined);
  return isOurs && link.peerNetnsId === undefined && !(endpointId !== undefined && wanted.has(endpointId));
}

function deleteLink(name: string, linkIndex: number): RepairAction {
  return { kind: 'delete-link', name, linkIndex };
}

function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
