import type { Route } from '../types/route.ts';
import { type HeldRows, type Step, contentOf } from './held-rows.ts';

/** What the kernel tells routes apart by, but for their next hops. */
export function routeKey({ destination, table, metric, typeOfService, sourcePrefix, type, family }: Route): string {
  return [destination, table, metric, typeOfService, sourcePrefix, family === 6 ? type : ''].join(' ');
}

/** Without what says how its links are: an event may say it otherwise than a list. */
function wayOf(route: Route): string {
  return contentOf(route, 'flags');
}

/** IPv6 joins routes by a gateway to one of several next hops. Source: linux net/ipv6/route.c `rt6_qualify_for_ecmp`. */
function isJoined({ family, nextHops }: Route): boolean {
  return family === 6 && nextHops.some(({ gateway }) => gateway !== undefined);
}

/**
 * The steps that an event about a route makes; `undefined` when it is not certain which of several routes it is about.
 *
 * Routes may differ in nothing but their next hops: `ip route append` of IPv4, one route a link of IPv6. An event of IPv6
 * tells of one next hop, or of all.
 */
export function applyRoute(
  held: HeldRows<Route>,
  { row, isNew, isReplacing }: { readonly row: Route; readonly isNew: boolean; readonly isReplacing: boolean },
): readonly Step<Route>[] | undefined {
  const alike = held.alike(row);
  const same = alike.find((one) => wayOf(one) === wayOf(row));
  if (!isNew) {
    if (same !== undefined) return [held.remove(same)];
    return alike.length === 0 ? [] : undefined;
  }
  if (alike.length === 0) return [held.add(row)];
  if (isReplacing) return alike.length === 1 && alike[0] !== undefined ? held.change(alike[0], row) : undefined;
  if (same !== undefined) return held.change(same, row);
  return isJoined(row) && alike.some(isJoined) ? undefined : [held.add(row)];
}
