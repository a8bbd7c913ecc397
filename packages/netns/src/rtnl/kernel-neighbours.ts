import {
  buildNeighbourAdd,
  buildNeighbourDelete,
  buildNeighbourDump,
  buildNeighbourResolve,
  decodeNeighbour,
} from '../message/neighbour.ts';
import type { Listed } from '../types/common.ts';
import type { Channel } from '../socket/channel.ts';
import type { Neighbour, NeighbourFilter, NeighbourSpec, Neighbours } from '../types/neighbour.ts';
import { NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE } from '../uapi/netlink.ts';
import { didExist, forFamilies, orWhenAbsent } from './outcome.ts';
import { neighbourPurpose } from './purpose.ts';

/** {@link Neighbours} over a channel to the kernel. */
export class KernelNeighbours implements Neighbours {
  readonly #channel: Channel;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  async add(spec: NeighbourSpec): Promise<void> {
    const purpose = neighbourPurpose('add', spec);
    await this.#channel.request(buildNeighbourAdd(spec, NLM_F_CREATE | NLM_F_EXCL, purpose), purpose);
  }

  async replace(spec: NeighbourSpec): Promise<void> {
    const purpose = neighbourPurpose('replace', spec);
    await this.#channel.request(buildNeighbourAdd(spec, NLM_F_CREATE | NLM_F_REPLACE, purpose), purpose);
  }

  async resolve(spec: Pick<NeighbourSpec, 'linkIndex' | 'address'>): Promise<void> {
    const purpose = neighbourPurpose('resolve', spec);
    await this.#channel.request(buildNeighbourResolve(spec, purpose), purpose);
  }

  async delete(spec: Pick<NeighbourSpec, 'linkIndex' | 'address' | 'isProxy'>): Promise<boolean> {
    const purpose = neighbourPurpose('delete', spec);
    return didExist(this.#channel.request(buildNeighbourDelete(spec, purpose), purpose), 'ENOENT', 'ENODEV');
  }

  list(filter: NeighbourFilter = {}): Promise<Listed<Neighbour>> {
    const { linkIndex, isProxy = false } = filter;
    const purpose = neighbourPurpose('list', filter);
    return forFamilies(filter.family, async (family) => {
      const rows = this.#channel.dump(buildNeighbourDump(family, filter, purpose), purpose, (row) => {
        const neighbour = decodeNeighbour(row);
        if (neighbour?.family !== family || neighbour.isProxy !== isProxy) return undefined;
        return linkIndex === undefined || neighbour.linkIndex === linkIndex ? neighbour : undefined;
      });
      return orWhenAbsent(rows, [], 'ENODEV');
    });
  }
}
