import { type Cidr, formatCidr, hostPrefix, includes, parseAddress, parseCidr, prefixOf } from '@routed/addresses';
import { canonicalIp } from '../../message/canonical.ts';
import { matchesRoute } from '../../message/route-decode.ts';
import { buildRouteAdd, buildRouteDelete, buildRouteGet, destinationOf, isEncapsulated } from '../../message/route.ts';
import { routePurpose } from '../../rtnl/purpose.ts';
import type { Purpose } from '../../socket/channel.ts';
import type { Family, RouteScope } from '../../types/common.ts';
import type { NewRoute, NextHop, Route, RouteFilter, RouteQuery, RouteSpec, Routes } from '../../types/route.ts';
import { derivedRoutes } from './fake-derived-routes.ts';
import { type FakeNamespace, refusal } from './fake-state.ts';

const MAIN = 254;
const LOCAL = 255;
const FLAGS = { isDead: false, isLinkDown: false, isOnLink: false, isOffloaded: false } as const;

/** {@link Routes} in memory; `get` looks in the tables local and main and knows no rules. */
export class FakeRoutes implements Routes {
  readonly #namespace: FakeNamespace;

  constructor(namespace: FakeNamespace) {
    this.#namespace = namespace;
  }

  async add(spec: NewRoute): Promise<void> {
    const purpose = routePurpose('add', spec.destination);
    const route = await this.#begin(spec, purpose);
    if (this.#all().some((held) => isSameKey(held, route))) throw refusal('EEXIST', purpose);
    this.#namespace.routes.push(route);
  }

  async replace(spec: NewRoute): Promise<void> {
    const route = await this.#begin(spec, routePurpose('replace', spec.destination));
    const { routes } = this.#namespace;
    const index = routes.findIndex((held) => isSameKey(held, route));
    if (index === -1) routes.push(route);
    else routes[index] = route;
  }

  async delete(spec: RouteSpec): Promise<boolean> {
    const purpose = routePurpose('delete', spec.destination);
    buildRouteDelete(spec, purpose);
    await this.#record(purpose);
    const destination = formatCidr(destinationOf(spec, purpose));
    const { routes } = this.#namespace;
    const index = routes.findIndex((held) => held.destination === destination && isMatch(held, spec));
    if (index !== -1) routes.splice(index, 1);
    return index !== -1;
  }

  /** Of the main table and the host's own addresses: rules of policy routing do not count here, whatever the mark. */
  async get(address: string, query: RouteQuery = {}): Promise<Route | undefined> {
    const purpose = routePurpose('get', address);
    buildRouteGet(address, query, purpose);
    await this.#record(purpose);
    const route = this.#lookUp(address);
    if (route === undefined || route.type === 'unreachable') return undefined;
    if (route.type === 'blackhole') throw refusal('EINVAL', purpose);
    if (route.type === 'prohibit') throw refusal('EACCES', purpose);
    return query.exact === true ? route : { ...route, destination: hostPrefix(canonicalIp(address)) };
  }

  async list(filter: RouteFilter = {}): Promise<Route[]> {
    await this.#record(routePurpose('list', filter.table === undefined ? '' : `table ${filter.table}`));
    const families: readonly Family[] = filter.family === undefined ? [4, 6] : [filter.family];
    return families.flatMap((family) => this.#all().filter((route) => matchesRoute(route, family, filter)));
  }

  #all(): Route[] {
    return [...this.#namespace.routes, ...derivedRoutes(this.#namespace)];
  }

  #lookUp(address: string): Route | undefined {
    const candidates = this.#all().filter((route) => contains(route.destination, address));
    for (const table of [LOCAL, MAIN]) {
      const found = candidates.filter((route) => route.table === table);
      found.sort((one, other) => lengthOf(other) - lengthOf(one) || (one.metric ?? 0) - (other.metric ?? 0));
      if (found[0] !== undefined && found[0].type !== 'throw') return found[0];
    }
    return undefined;
  }

  async #begin(spec: NewRoute, purpose: Purpose): Promise<Route> {
    buildRouteAdd(spec, 0, purpose);
    await this.#record(purpose);
    if (isEncapsulated(spec)) throw refusal('EOPNOTSUPP', purpose, 'the fake kernel wraps no packets');
    const destination = destinationOf(spec, purpose);
    const { nextHops, nextHopId } = spec;
    if (nextHopId !== undefined) throw refusal('EINVAL', purpose, 'Nexthop id does not exist');
    if (nextHops === undefined) return newRoute(spec, destination, this.#linkOf(spec, destination.family, purpose));
    const hops = nextHops.map((hop) => ({
      ...hopOf(this.#linkOf({ ...spec, ...hop }, destination.family, purpose), hop.gateway),
      weight: hop.weight ?? 1,
      ...(hop.onLink === true && { flags: { ...FLAGS, isOnLink: true } }),
    }));
    return { ...newRoute(spec, destination, undefined), scope: spec.scope ?? 'universe', nextHops: hops };
  }

  /** The link of a route, found through its gateway where none is given. */
  #linkOf(spec: RouteSpec, family: Family, purpose: Purpose): number | undefined {
    const { linkIndex, gateway, type = 'unicast', source, onLink = false } = spec;
    this.#checkSource(source, family, purpose);
    if (linkIndex !== undefined) {
      const link = this.#namespace.require({ index: linkIndex }, purpose);
      if (!link.isUp) throw refusal('ENETDOWN', purpose, 'Device for nexthop is not up');
    }
    if (type !== 'unicast' && type !== 'local') return family === 6 ? 1 : undefined;
    if (gateway === undefined) {
      if (linkIndex === undefined) throw refusal('ENODEV', purpose);
      return linkIndex;
    }
    if (linkIndex !== undefined && (onLink || canonicalIp(gateway).startsWith('fe80:'))) return linkIndex;
    const way = this.#lookUp(gateway);
    const isUsable = way !== undefined && way.gateway === undefined && way.type === 'unicast';
    if (isUsable && (linkIndex === undefined || way.linkIndex === linkIndex)) return way.linkIndex;
    throw family === 6
      ? refusal('EHOSTUNREACH', purpose)
      : refusal('ENETUNREACH', purpose, 'Nexthop has invalid gateway');
  }

  #checkSource(source: string | undefined, family: Family, purpose: Purpose): void {
    if (source === undefined) return;
    const own = this.#namespace.addresses.map((address) => address.address.split('/')[0]);
    const text = family === 4 ? 'Invalid prefsrc address' : 'Invalid source address';
    if (!own.includes(canonicalIp(source))) throw refusal('EINVAL', purpose, text);
  }

  async #record(purpose: Purpose): Promise<void> {
    await Promise.resolve();
    this.#namespace.journal.record(purpose);
  }
}

function hopOf(linkIndex: number | undefined, gateway: string | undefined): Omit<NextHop, 'weight'> {
  return {
    ...(linkIndex !== undefined && { linkIndex }),
    ...(gateway !== undefined && { gateway: canonicalIp(gateway) }),
  };
}

function newRoute(spec: NewRoute, destination: Cidr, linkIndex: number | undefined): Route {
  const { family } = destination;
  const { type = 'unicast', protocol = 3, table = MAIN } = spec;
  const gateway = spec.gateway === undefined ? undefined : canonicalIp(spec.gateway);
  const metric = family === 6 && !spec.metric ? 1024 : spec.metric;
  const hop = hopOf(linkIndex, gateway);
  const { mtuBytes, maxSegmentBytes, preference } = spec;
  return {
    destination: formatCidr(destination),
    family,
    ...hop,
    protocol,
    scope: spec.scope ?? scopeFor(type, family, gateway),
    table,
    type,
    nextHops: linkIndex === undefined ? [] : [{ ...hop, weight: 1 }],
    flags: { ...FLAGS, isOnLink: spec.onLink ?? false },
    ...(metric !== undefined && metric !== 0 && { metric }),
    ...(mtuBytes !== undefined && { mtuBytes }),
    ...(maxSegmentBytes !== undefined && { maxSegmentBytes }),
    ...(preference !== undefined && { preference }),
    ...(spec.source !== undefined && { source: canonicalIp(spec.source) }),
  };
}

function scopeFor(type: string, family: Family, gateway: string | undefined): RouteScope {
  if (family === 6) return 'universe';
  if (type === 'local') return 'host';
  return type === 'unicast' && gateway === undefined ? 'link' : 'universe';
}

function isSameKey(one: Route, other: Route): boolean {
  const isSamePlace = one.destination === other.destination && one.table === other.table;
  return isSamePlace && one.family === other.family && (one.metric ?? 0) === (other.metric ?? 0);
}

function isMatch(held: Route, spec: RouteSpec): boolean {
  const { table = MAIN, gateway, source, linkIndex, protocol, metric, type, scope } = spec;
  const pairs: [unknown, unknown][] = [
    [linkIndex, held.linkIndex],
    [protocol, held.protocol],
    [metric, held.metric ?? 0],
    [type, held.type],
    [scope, held.scope],
    [gateway && canonicalIp(gateway), held.gateway],
    [source && canonicalIp(source), held.source],
  ];
  return held.table === table && pairs.every(([wanted, actual]) => wanted === undefined || wanted === actual);
}

function contains(prefix: string, address: string): boolean {
  const cidr = parseCidr(prefix);
  const ip = parseAddress(address);
  return cidr !== undefined && ip !== undefined && includes(prefixOf(cidr), ip);
}

function lengthOf({ destination }: Route): number {
  return Number(destination.split('/')[1]);
}
