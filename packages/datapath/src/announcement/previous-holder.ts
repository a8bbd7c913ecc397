import { hostPrefix } from '@routed/addresses';
import { CONNECTION_MARKS } from '@routed/netfilter';
import type { Route, RouteSpec, Rtnl } from '@routed/netns';
import { setTimeout as sleep } from 'node:timers/promises';
import { routeTo } from '../host/route-to.ts';
import { ROUTE_PROTOCOL } from '../names/kernel-names.ts';

/** The table of the ways to hosts that announced an address of ours before, for connections that began there. */
export const PREVIOUS_TABLE = 7201;

/** The way to a host that announced an address before this one. */
export interface PreviousHolder {
  readonly address: string;
  /** The next hop. If it is the host itself, connections that began there go on; a router would send them back. */
  readonly gateway: string;
  readonly linkIndex: number;
  /** Of the next hop. */
  readonly mac: string;
}

/** A router has just spoken with its neighbor: it answers at once, or not at all. */
const ANSWER_MS = 500;
const POLL_MS = 10;

/**
 * The way to the host that announces an address now, by the routes of this one.
 *
 * @returns undefined when no other host does, or its next hop has no MAC address
 * @throws NetlinkError
 */
export async function findHolder(
  rtnl: Pick<Rtnl, 'routes' | 'neighbours'>,
  address: string,
): Promise<PreviousHolder | undefined> {
  const route = await routeTo(rtnl, address, CONNECTION_MARKS.opened);
  if (route?.type !== 'unicast' || route.destination !== hostPrefix(address)) return undefined;
  return route.protocol === ROUTE_PROTOCOL ? undefined : await withMac(rtnl, address, route.nextHops[0] ?? route);
}

/**
 * The way to another host that announces an address as well as this one, by the next hop that the router knows.
 *
 * @returns undefined when there is no such link, or the next hop has no MAC address
 * @throws NetlinkError
 */
export async function holderAt(
  rtnl: Pick<Rtnl, 'links' | 'neighbours'>,
  { address, gateway, linkName }: { readonly address: string; readonly gateway: string; readonly linkName: string },
): Promise<PreviousHolder | undefined> {
  const linkIndex = (await rtnl.links.get({ name: linkName }))?.index;
  return linkIndex === undefined ? undefined : await withMac(rtnl, address, { gateway, linkIndex });
}

/** Those that the table has, such as after a restart of the daemon. @throws NetlinkError */
export async function listPreviousHolders(
  rtnl: Pick<Rtnl, 'routes' | 'neighbours'>,
): Promise<readonly PreviousHolder[]> {
  const routes = await rtnl.routes.list({ table: PREVIOUS_TABLE, protocol: ROUTE_PROTOCOL });
  const found = await Promise.all(routes.map((route) => withMac(rtnl, addressOf(route), route.nextHops[0] ?? route)));
  return found.filter((holder) => holder !== undefined);
}

/** Makes the table have these ways and no others. Safe to repeat. @throws NetlinkError */
export async function applyPreviousHolders(
  { routes }: Pick<Rtnl, 'routes'>,
  desired: readonly PreviousHolder[],
): Promise<void> {
  const present = await routes.list({ table: PREVIOUS_TABLE, protocol: ROUTE_PROTOCOL });
  const isWanted = (route: Route): boolean =>
    desired.some(
      ({ address, gateway, linkIndex }) =>
        route.destination === hostPrefix(address) && route.gateway === gateway && route.linkIndex === linkIndex,
    );
  for (const route of present) if (!isWanted(route)) await routes.delete(specOf(addressOf(route), route));
  for (const holder of desired) await routes.replace(specOf(holder.address, holder));
}

function specOf(address: string, { gateway, linkIndex }: Pick<Route, 'gateway' | 'linkIndex'>): RouteSpec {
  return {
    destination: hostPrefix(address),
    table: PREVIOUS_TABLE,
    protocol: ROUTE_PROTOCOL,
    ...(gateway !== undefined && { gateway }),
    ...(linkIndex !== undefined && { linkIndex }),
  };
}

function addressOf({ destination }: Route): string {
  return destination.replace(/\/\d+$/, '');
}

async function withMac(
  rtnl: Pick<Rtnl, 'neighbours'>,
  address: string,
  { gateway, linkIndex }: Pick<Route, 'gateway' | 'linkIndex'>,
): Promise<PreviousHolder | undefined> {
  if (gateway === undefined || linkIndex === undefined) return undefined;
  const mac = await macOf(rtnl, { address: gateway, linkIndex });
  return mac === undefined ? undefined : { address, gateway, linkIndex, mac };
}

async function macOf(
  { neighbours }: Pick<Rtnl, 'neighbours'>,
  nextHop: { readonly address: string; readonly linkIndex: number },
): Promise<string | undefined> {
  const deadline = performance.now() + ANSWER_MS;
  for (let isAsked = false; ; isAsked = true) {
    const entry = (await neighbours.list({ linkIndex: nextHop.linkIndex })).find(
      ({ address }) => address === nextHop.address,
    );
    if (entry?.mac !== undefined && entry.state !== 'failed') return entry.mac;
    if (!isAsked) await neighbours.resolve(nextHop);
    if (performance.now() >= deadline) return undefined;
    await sleep(POLL_MS);
  }
}
