import { BatchChannel } from '../socket/batch-channel.ts';
import type { Channel } from '../socket/channel.ts';
import type { LanePool } from '../socket/lane-pool.ts';
import { LIMITS } from '../check/options.ts';
import { checkArgument } from '../check/argument.ts';
import { LimitedChannel } from '../socket/limited-channel.ts';
import type { Addresses } from '../types/address.ts';
import type { Links } from '../types/links.ts';
import type { Neighbours } from '../types/neighbour.ts';
import type { Routes } from '../types/route.ts';
import type { Limits, RareRequests, Rtnl, RtnlRequests } from '../types/rtnl.ts';
import type { Rules } from '../types/rule.ts';
import { checkedRequests } from './checked.ts';
import { KernelAddresses } from './kernel-addresses.ts';
import { KernelLinks } from './kernel-links.ts';
import { KernelNeighbours } from './kernel-neighbours.ts';
import { KernelRoutes } from './kernel-routes.ts';
import { KernelRules } from './kernel-rules.ts';
import { LazyRequests } from './lazy-requests.ts';

/** {@link Rtnl} over sockets to the kernel. */
export class KernelRtnl extends LazyRequests implements Rtnl {
  readonly links: Links;
  readonly addresses: Addresses;
  readonly routes: Routes;
  readonly neighbours: Neighbours;
  readonly rules: Rules;
  readonly #lanes: LanePool;

  /** Takes over `lanes`. */
  constructor(lanes: LanePool) {
    super(lanes);
    this.#lanes = lanes;
    ({
      links: this.links,
      addresses: this.addresses,
      routes: this.routes,
      neighbours: this.neighbours,
      rules: this.rules,
    } = requestsOver(lanes));
  }

  async batch<T>(ask: (requests: RtnlRequests) => Promise<T>): Promise<T> {
    const channel = new BatchChannel(this.#lanes);
    const asked = ask(requestsOver(channel));
    // Awaited together: a request may fail before the last one is settled.
    const [result] = await Promise.all([asked, channel.send()]);
    return result;
  }

  within(limits: Limits): RtnlRequests & RareRequests {
    checkArgument(LIMITS, limits, 'rtnl.within');
    const channel = new LimitedChannel(this.#lanes, limits);
    return Object.assign(new LazyRequests(channel), requestsOver(channel));
  }

  close(): Promise<void> {
    return this.#lanes.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function requestsOver(channel: Channel): RtnlRequests {
  return checkedRequests({
    links: new KernelLinks(channel),
    addresses: new KernelAddresses(channel),
    routes: new KernelRoutes(channel),
    neighbours: new KernelNeighbours(channel),
    rules: new KernelRules(channel),
  });
}
