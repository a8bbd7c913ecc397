import type { LanePool } from '../socket/lane-pool.ts';
import type { Addresses } from '../types/address.ts';
import type { Links } from '../types/link.ts';
import type { Neighbours } from '../types/neighbour.ts';
import type { Routes } from '../types/route.ts';
import type { Rtnl } from '../types/rtnl.ts';
import type { Rules } from '../types/rule.ts';
import { KernelAddresses } from './kernel-addresses.ts';
import { KernelLinks } from './kernel-links.ts';
import { KernelNeighbours } from './kernel-neighbours.ts';
import { KernelRoutes } from './kernel-routes.ts';
import { KernelRules } from './kernel-rules.ts';

/** {@link Rtnl} over sockets to the kernel. */
export class KernelRtnl implements Rtnl {
  readonly links: Links;
  readonly addresses: Addresses;
  readonly routes: Routes;
  readonly neighbours: Neighbours;
  readonly rules: Rules;
  readonly #lanes: LanePool;

  /** Takes over `lanes`. */
  constructor(lanes: LanePool) {
    this.#lanes = lanes;
    this.links = new KernelLinks(lanes);
    this.addresses = new KernelAddresses(lanes);
    this.routes = new KernelRoutes(lanes);
    this.neighbours = new KernelNeighbours(lanes);
    this.rules = new KernelRules(lanes);
  }

  close(): Promise<void> {
    return this.#lanes.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
