import { buildAddressAdd, buildAddressDelete, buildAddressDump, decodeAddress } from '../message/address.ts';
import { type NetlinkError, isNetlinkError } from '../errors.ts';
import type { Channel } from '../socket/channel.ts';
import { kernelError } from '../socket/kernel-error.ts';
import type { Address, AddressFilter, AddressSpec, Addresses } from '../types/address.ts';
import type { BatchResult, Listed } from '../types/common.ts';
import { NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE } from '../uapi/netlink.ts';
import { ADDRESS_SPEC } from './arguments.ts';
import { checkArgument } from '../check/argument.ts';
import { didExist, forFamilies, orWhenAbsent } from './outcome.ts';
import { addressPurpose } from './purpose.ts';

/** {@link Addresses} over a channel to the kernel. */
export class KernelAddresses implements Addresses {
  readonly #channel: Channel;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  async add(spec: AddressSpec): Promise<void> {
    const purpose = addressPurpose('add', spec);
    await this.#channel.request(buildAddressAdd(spec, NLM_F_CREATE | NLM_F_EXCL, purpose), purpose);
  }

  async replace(spec: AddressSpec): Promise<void> {
    const purpose = addressPurpose('replace', spec);
    await this.#channel.request(buildAddressAdd(spec, NLM_F_CREATE | NLM_F_REPLACE, purpose), purpose);
  }

  async delete(spec: Pick<AddressSpec, 'linkIndex' | 'address'>): Promise<boolean> {
    const purpose = addressPurpose('delete', spec);
    const done = this.#channel.request(buildAddressDelete(spec, purpose), purpose);
    return didExist(done, 'EADDRNOTAVAIL', 'ENODEV');
  }

  list(filter: AddressFilter = {}): Promise<Listed<Address>> {
    const { linkIndex } = filter;
    const purpose = addressPurpose('list', filter);
    return forFamilies(filter.family, async (family) => {
      const rows = this.#channel.dump(buildAddressDump(family, filter, purpose), purpose, (row) => {
        const address = decodeAddress(row);
        if (address?.family !== family) return undefined;
        return linkIndex === undefined || address.linkIndex === linkIndex ? address : undefined;
      });
      return orWhenAbsent(rows, [], 'ENODEV');
    });
  }

  async addMany(specs: readonly AddressSpec[]): Promise<readonly BatchResult<AddressSpec>[]> {
    const prepared = specs.map(prepare);
    const sendable = prepared.filter((item) => item.message !== undefined);
    const failures = sendable.length === 0 ? [] : await this.#channel.batch(sendable.map((item) => item.message));
    const errors = new Map<Prepared, NetlinkError>();
    for (const { index, ack } of failures) {
      const item = sendable[index];
      if (item !== undefined) errors.set(item, kernelError(ack, addressPurpose('add', item.spec), item.message));
    }
    return prepared.map((item) => {
      const error = item.error ?? errors.get(item);
      return { spec: item.spec, ...(error !== undefined && { error }) };
    });
  }
}

type Prepared =
  | { readonly spec: AddressSpec; readonly message: Uint8Array; readonly error?: undefined }
  | { readonly spec: AddressSpec; readonly message?: undefined; readonly error: NetlinkError };

function prepare(spec: AddressSpec): Prepared {
  try {
    checkArgument(ADDRESS_SPEC, spec, 'address.add');
    return { spec, message: buildAddressAdd(spec, NLM_F_CREATE | NLM_F_EXCL, addressPurpose('add', spec)) };
  } catch (error) {
    if (isNetlinkError(error)) return { spec, error };
    throw error;
  }
}
