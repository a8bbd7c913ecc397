import { decodeAnyRoute, decodeRoute, matchesRoute } from '../message/route-decode.ts';
import { buildRouteAdd, buildRouteDelete, buildRouteDump, buildRouteGet } from '../message/route.ts';
import type { Listed } from '../types/common.ts';
import type { Channel } from '../socket/channel.ts';
import type { Route, RouteFilter, RouteSpec, Routes } from '../types/route.ts';
import { NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE } from '../uapi/netlink.ts';
import { didExist, forFamilies, orWhenAbsent } from './outcome.ts';
import { routePurpose } from './purpose.ts';

/** {@link Routes} over a channel to the kernel. */
export class KernelRoutes implements Routes {
  readonly #channel: Channel;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  async add(spec: RouteSpec): Promise<void> {
    const purpose = routePurpose('add', spec.destination);
    await this.#channel.request(buildRouteAdd(spec, NLM_F_CREATE | NLM_F_EXCL, purpose), purpose);
  }

  async replace(spec: RouteSpec): Promise<void> {
    const purpose = routePurpose('replace', spec.destination);
    await this.#channel.request(buildRouteAdd(spec, NLM_F_CREATE | NLM_F_REPLACE, purpose), purpose);
  }

  async delete(spec: RouteSpec): Promise<boolean> {
    const purpose = routePurpose('delete', spec.destination);
    const done = this.#channel.request(buildRouteDelete(spec, purpose), purpose);
    return didExist(done, 'ESRCH', 'ENODEV', 'ENOENT');
  }

  async get(address: string, { exact = false }: { readonly exact?: boolean } = {}): Promise<Route | undefined> {
    const purpose = routePurpose('get', address);
    // The kernel looks routes up without RTNL (since 4.15: RTNL_FLAG_DOIT_UNLOCKED in net/ipv4/route.c, net/ipv6/route.c).
    const done = this.#channel.requestUnlocked(buildRouteGet(address, exact, purpose), purpose, decodeAnyRoute);
    return orWhenAbsent(done, undefined, 'ENETUNREACH', 'EHOSTUNREACH');
  }

  list(filter: RouteFilter = {}): Promise<Listed<Route>> {
    const purpose = routePurpose('list', filter.table === undefined ? '' : `table ${filter.table}`);
    return forFamilies(filter.family, async (family) => {
      const rows = this.#channel.dump(buildRouteDump(family, filter, purpose), purpose, (row) => {
        const route = decodeRoute(row);
        return route !== undefined && matchesRoute(route, family, filter) ? route : undefined;
      });
      return orWhenAbsent(rows, [], 'ENOENT', 'ENODEV');
    });
  }
}
