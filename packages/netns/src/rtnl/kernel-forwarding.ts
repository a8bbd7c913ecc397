import { checkArgument } from '../check/argument.ts';
import { optional } from '../check/check.ts';
import { neighbourAttribute } from '../message/tables.ts';
import { didExist, orWhenAbsent } from './outcome.ts';
import type { Channel, Purpose } from '../socket/channel.ts';
import type {
  ForwardingDatabase,
  ForwardingEntry,
  ForwardingFilter,
  ForwardingKey,
  NewForwardingEntry,
} from '../types/bridge.ts';
import type { Listed } from '../types/common.ts';
import { NLM_F_APPEND, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE } from '../uapi/netlink.ts';
import {
  FORWARDING_FILTER,
  FORWARDING_KEY,
  NEW_FORWARDING_ENTRY,
  buildForwardingAdd,
  buildForwardingDelete,
  buildForwardingDump,
  decodeForwarding,
} from '../bridge/forwarding-messages.ts';

/** {@link ForwardingDatabase} over a channel to the kernel. */
export class KernelForwarding implements ForwardingDatabase {
  readonly #channel: Channel;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  add(spec: NewForwardingEntry): Promise<void> {
    return this.#install('add', spec, NLM_F_CREATE | NLM_F_EXCL);
  }

  append(spec: NewForwardingEntry): Promise<void> {
    return this.#install('append', spec, NLM_F_CREATE | NLM_F_APPEND);
  }

  replace(spec: NewForwardingEntry): Promise<void> {
    return this.#install('replace', spec, NLM_F_CREATE | NLM_F_REPLACE);
  }

  async delete(key: ForwardingKey): Promise<boolean> {
    checkArgument(FORWARDING_KEY, key, 'fdb.delete');
    return didExist(this.#channel.request(buildForwardingDelete(key), purposeOf('delete', key)), 'ENOENT', 'ENODEV');
  }

  async list(filter: ForwardingFilter = {}): Promise<Listed<ForwardingEntry>> {
    checkArgument(optional(FORWARDING_FILTER), filter, 'fdb.list');
    const { linkIndex, masterIndex } = filter;
    const rows = this.#channel.dump(buildForwardingDump(filter), purposeOf('list'), (row) => {
      const entry = decodeForwarding(row);
      if (linkIndex !== undefined && entry?.linkIndex !== linkIndex) return undefined;
      const isOfMaster = masterIndex === undefined || [entry?.masterIndex, entry?.linkIndex].includes(masterIndex);
      return isOfMaster ? entry : undefined;
    });
    return orWhenAbsent(rows, [], 'ENODEV');
  }

  async #install(action: string, spec: NewForwardingEntry, flags: number): Promise<void> {
    checkArgument(NEW_FORWARDING_ENTRY, spec, `fdb.${action}`);
    await this.#channel.request(buildForwardingAdd(spec, flags), purposeOf(action, spec));
  }
}

function purposeOf(action: string, key?: ForwardingKey): Purpose {
  const subject = key === undefined ? '' : `${key.mac} on link ${key.linkIndex}`;
  return { operation: `fdb.${action}`, subject, attributeName: neighbourAttribute };
}
