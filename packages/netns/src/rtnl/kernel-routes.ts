import { decodeAnyRoute, decodeRoute, matchesRoute } from '../message/route-decode.ts';
import {
  type EncodeEncapsulation,
  buildRouteAdd,
  buildRouteDelete,
  buildRouteDump,
  buildRouteGet,
  isEncapsulated,
} from '../message/route.ts';
import type { Listed } from '../types/common.ts';
import type { Channel, Purpose } from '../socket/channel.ts';
import type { NewRoute, Route, RouteFilter, RouteQuery, RouteSpec, Routes } from '../types/route.ts';
import { RTA } from '../uapi/rtnetlink.ts';
import { NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE } from '../uapi/netlink.ts';
import { didExist, forFamilies, orWhenAbsent } from './outcome.ts';
import { routePurpose } from './purpose.ts';

/** {@link Routes} over a channel to the kernel. */
export class KernelRoutes implements Routes {
  readonly #channel: Channel;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  async add(spec: NewRoute): Promise<void> {
    const purpose = routePurpose('add', spec.destination);
    await this.#install(spec, NLM_F_CREATE | NLM_F_EXCL, purpose);
  }

  async replace(spec: NewRoute): Promise<void> {
    const purpose = routePurpose('replace', spec.destination);
    await this.#install(spec, NLM_F_CREATE | NLM_F_REPLACE, purpose);
  }

  async delete(spec: RouteSpec): Promise<boolean> {
    const purpose = routePurpose('delete', spec.destination);
    const done = this.#channel.request(buildRouteDelete(spec, purpose), purpose);
    return didExist(done, 'ESRCH', 'ENODEV', 'ENOENT');
  }

  async get(address: string, query: RouteQuery = {}): Promise<Route | undefined> {
    const purpose = routePurpose('get', address);
    const route = await this.#channel.request(buildRouteGet(address, query, purpose), purpose, decodeAnyRoute);
    return route && (await named([route]))[0];
  }

  list(filter: RouteFilter = {}): Promise<Listed<Route>> {
    const purpose = routePurpose('list', filter.table === undefined ? '' : `table ${filter.table}`);
    return forFamilies(filter.family, async (family) => {
      const rows = this.#channel.dump(buildRouteDump(family, filter, purpose), purpose, (row) => {
        const route = decodeRoute(row);
        return route !== undefined && matchesRoute(route, family, filter) ? route : undefined;
      });
      return named(await orWhenAbsent(rows, [], 'ENOENT', 'ENODEV'));
    });
  }

  async #install(spec: NewRoute, flags: number, purpose: Purpose): Promise<void> {
    // Without a turn of the event loop where it can be: a batch sends what was asked for before the first.
    const encode = isEncapsulated(spec) ? await loadEncode(purpose) : undefined;
    await this.#channel.request(buildRouteAdd(spec, flags, purpose, encode), purpose);
  }
}

/** Few programs meet a route that is encapsulated. */
async function loadEncode(purpose: Purpose): Promise<EncodeEncapsulation> {
  const { encodeEncapsulation } = await import('../encapsulation/route-encapsulation.ts');
  return (encapsulation) => encodeEncapsulation(encapsulation, { type: RTA.ENCAP_TYPE, data: RTA.ENCAP }, purpose);
}

/** The same list, with names for the encapsulations in it. */
async function named(routes: Listed<Route>): Promise<Listed<Route>> {
  const isNameless = ({ unknown, nextHops }: Route): boolean =>
    unknown !== undefined || nextHops.some((hop) => hop.unknown !== undefined);
  const first = routes.findIndex(isNameless);
  if (first === -1) return routes;
  const { nameRouteEncapsulation } = await import('../encapsulation/route-encapsulation.ts');
  for (let place = first; place < routes.length; place++) {
    const route = routes[place];
    if (route !== undefined && isNameless(route)) routes[place] = nameRouteEncapsulation(route);
  }
  return routes;
}
