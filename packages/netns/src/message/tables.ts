import type { Family, RouteScope } from '../types/common.ts';
import { FRA } from '../uapi/fib-rules.ts';
import { IFA } from '../uapi/if-addr.ts';
import { IFLA } from '../uapi/if-link.ts';
import { NDA } from '../uapi/neighbour.ts';
import { AF_INET, AF_INET6, ROUTE_SCOPE, RTA } from '../uapi/rtnetlink.ts';

/** Number of an IP version in the kernel. */
export function familyNumber(family: Family): number {
  return family === 4 ? AF_INET : AF_INET6;
}

/** IP version, or `undefined` for the other families that share a message type (bridge, mpls, multicast routing). */
export function familyOf(number: number): Family | undefined {
  if (number === AF_INET) return 4;
  return number === AF_INET6 ? 6 : undefined;
}

/** Turns a table of names into a look-up by number. */
export function byNumber<Name extends string>(table: Readonly<Record<Name, number>>): ReadonlyMap<number, Name> {
  return new Map((Object.entries(table) as [Name, number][]).map(([name, value]) => [value, name]));
}

/** Names attributes for errors: 3 -> `IFLA_IFNAME`. */
export function attributeNames(
  prefix: string,
  table: Readonly<Record<string, number>>,
): (type: number) => string | undefined {
  const names = byNumber(table);
  return (type) => {
    const name = names.get(type);
    return name === undefined ? undefined : `${prefix}_${name}`;
  };
}

export const linkAttribute: (type: number) => string | undefined = attributeNames('IFLA', IFLA);
export const addressAttribute: (type: number) => string | undefined = attributeNames('IFA', IFA);
export const routeAttribute: (type: number) => string | undefined = attributeNames('RTA', RTA);
export const neighbourAttribute: (type: number) => string | undefined = attributeNames('NDA', NDA);
export const ruleAttribute: (type: number) => string | undefined = attributeNames('FRA', FRA);

const scopeNames = byNumber<RouteScope>(ROUTE_SCOPE);

/** Whether a scope is one that {@link RouteScope} names. */
export function isNamedScope(number: number): boolean {
  return scopeNames.has(number);
}

/** Scope by number; the kernel allows private ones below 200, which are nearer to `universe` than to the others. */
export function scopeOf(number: number): RouteScope {
  return scopeNames.get(number) ?? 'universe';
}
