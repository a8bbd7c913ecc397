import { checkArgument } from '../check/argument.ts';
import { optional, whole } from '../check/check.ts';
import { didExist, orWhenAbsent } from './outcome.ts';
import type { Channel, Purpose } from '../socket/channel.ts';
import type { Listed } from '../types/common.ts';
import type { NewNextHop, NextHopFilter, NextHopObject, NextHops } from '../types/next-hop-object.ts';
import { NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE } from '../uapi/netlink.ts';
import { RTM } from '../uapi/rtnetlink.ts';
import {
  NEW_NEXT_HOP,
  NEXT_HOP_FILTER,
  buildNextHopAdd,
  buildNextHopDump,
  buildNextHopRequest,
  decodeNextHop,
  matchesNextHop,
  nextHopAttribute,
} from '../next-hops/next-hop-messages.ts';

const ID = whole(1, 0xffff_ffff);

/** {@link NextHops} over a channel to the kernel. */
export class KernelNextHops implements NextHops {
  readonly #channel: Channel;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  add(spec: NewNextHop): Promise<void> {
    return this.#install('add', spec, NLM_F_CREATE | NLM_F_EXCL);
  }

  replace(spec: NewNextHop): Promise<void> {
    return this.#install('replace', spec, NLM_F_CREATE | NLM_F_REPLACE);
  }

  async delete(id: number): Promise<boolean> {
    const purpose = purposeOf('delete', id);
    checkArgument(ID, id, purpose.operation);
    return didExist(this.#channel.request(buildNextHopRequest(RTM.DELNEXTHOP, id), purpose), 'ENOENT');
  }

  async get(id: number): Promise<NextHopObject | undefined> {
    const purpose = purposeOf('get', id);
    checkArgument(ID, id, purpose.operation);
    const message = buildNextHopRequest(RTM.GETNEXTHOP, id);
    return orWhenAbsent(this.#channel.request(message, purpose, decodeNextHop), undefined, 'ENOENT');
  }

  async list(filter: NextHopFilter = {}): Promise<Listed<NextHopObject>> {
    const purpose = purposeOf('list');
    checkArgument(optional(NEXT_HOP_FILTER), filter, purpose.operation);
    return this.#channel.dump(buildNextHopDump(filter), purpose, (row) => {
      const nextHop = decodeNextHop(row);
      return matchesNextHop(nextHop, filter) ? nextHop : undefined;
    });
  }

  async #install(action: string, spec: NewNextHop, flags: number): Promise<void> {
    checkArgument(NEW_NEXT_HOP, spec, `nextHop.${action}`);
    const purpose = purposeOf(action, spec.id);
    await this.#channel.request(buildNextHopAdd(spec, flags, purpose), purpose);
  }
}

function purposeOf(action: string, id?: number): Purpose {
  const subject = id === undefined ? '' : String(id);
  return { operation: `nextHop.${action}`, subject, attributeName: nextHopAttribute };
}
