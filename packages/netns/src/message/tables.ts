import type { Family, RouteScope } from '../types/common.ts';
import { AF_INET, AF_INET6, ROUTE_SCOPE } from '../uapi/rtnetlink.ts';

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

const scopeNames = byNumber<RouteScope>(ROUTE_SCOPE);

/** Scope by number; the kernel allows private ones below 200, which are nearer to `universe` than to the others. */
export function scopeOf(number: number): RouteScope {
  return scopeNames.get(number) ?? 'universe';
}
