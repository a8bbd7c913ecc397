import { parseCidr } from '@routed/addresses';
import { isNetlinkError } from '../../errors.ts';
import { buildAddressAdd, buildAddressDelete } from '../../message/address.ts';
import { canonicalCidr, canonicalIp } from '../../message/canonical.ts';
import { ADDRESS_SPEC } from '../../rtnl/arguments.ts';
import { checkArgument } from '../../check/argument.ts';
import { type OnLink, addressPurpose } from '../../rtnl/purpose.ts';
import type { Purpose } from '../../socket/channel.ts';
import type { Address, AddressFilter, AddressSpec, Addresses } from '../../types/address.ts';
import type { BatchResult } from '../../types/common.ts';
import { NO_FLAGS } from './fake-link-change.ts';
import { type FakeNamespace, keep, refusal } from './fake-state.ts';

/** {@link Addresses} in memory. */
export class FakeAddresses implements Addresses {
  readonly #namespace: FakeNamespace;

  constructor(namespace: FakeNamespace) {
    this.#namespace = namespace;
  }

  async add(spec: AddressSpec): Promise<void> {
    const purpose = addressPurpose('add', spec);
    const address = await this.#begin(spec, purpose);
    if (this.#find(address) !== undefined)
      throw refusal('EEXIST', purpose, `ipv${address.family}: address already assigned`);
    this.#namespace.addresses.push(address);
  }

  async replace(spec: AddressSpec): Promise<void> {
    const address = await this.#begin(spec, addressPurpose('replace', spec));
    const present = this.#find(address);
    if (present === undefined) this.#namespace.addresses.push(address);
    else this.#namespace.addresses[this.#namespace.addresses.indexOf(present)] = address;
  }

  async delete(spec: OnLink): Promise<boolean> {
    const purpose = addressPurpose('delete', spec);
    buildAddressDelete(spec, purpose);
    await Promise.resolve();
    this.#namespace.journal.record(purpose);
    const address = canonicalCidr(spec.address);
    return keep(this.#namespace.addresses, (held) => held.linkIndex !== spec.linkIndex || held.address !== address);
  }

  async list(filter: AddressFilter = {}): Promise<Address[]> {
    await Promise.resolve();
    this.#namespace.journal.record(addressPurpose('list', filter));
    const { linkIndex, family } = filter;
    return this.#namespace.addresses
      .filter((address) => linkIndex === undefined || address.linkIndex === linkIndex)
      .filter((address) => family === undefined || address.family === family)
      .sort((one, other) => one.family - other.family);
  }

  async addMany(specs: readonly AddressSpec[]): Promise<readonly BatchResult<AddressSpec>[]> {
    const results: BatchResult<AddressSpec>[] = [];
    for (const spec of specs) {
      try {
        checkArgument(ADDRESS_SPEC, spec, 'address.add');
        await this.add(spec);
        results.push({ spec });
      } catch (error) {
        if (!isNetlinkError(error)) throw error;
        results.push({ spec, error });
      }
    }
    return results;
  }

  async #begin(spec: AddressSpec, purpose: Purpose): Promise<Address> {
    buildAddressAdd(spec, 0, purpose);
    await Promise.resolve();
    this.#namespace.journal.record(purpose);
    const link = this.#namespace.require({ index: spec.linkIndex }, purpose);
    const family = parseCidr(spec.address)?.family ?? 4;
    const preferredSec = spec.isDeprecated === true ? 0 : (spec.preferredSec ?? spec.validSec);
    const isLoopback = family === 4 && spec.address.startsWith('127.');
    return {
      ...NO_FLAGS,
      linkIndex: spec.linkIndex,
      family,
      address: canonicalCidr(spec.address),
      scope: spec.scope ?? (isLoopback ? 'host' : 'universe'),
      isPermanent: spec.validSec === undefined,
      isDeprecated: preferredSec === 0,
      ...(preferredSec !== undefined && { preferredSec }),
      ...(spec.validSec !== undefined && { validSec: spec.validSec }),
      ...(spec.broadcast !== undefined && { broadcast: spec.broadcast }),
      ...(spec.routeMetric !== undefined && { routeMetric: spec.routeMetric }),
      ...(spec.managesTemporary === true && { managesTemporary: true }),
      skipsDuplicateDetection: spec.skipDuplicateDetection ?? false,
      hasNoPrefixRoute: spec.noPrefixRoute ?? false,
      ...(family === 4 && { label: spec.label ?? link.name }),
      ...(spec.peer !== undefined && { peer: canonicalIp(spec.peer) }),
      ...(spec.protocol !== undefined && { protocol: spec.protocol }),
    };
  }

  /** IPv6 takes an address once per link, IPv4 once per prefix length. */
  #find({ linkIndex, family, address }: Address): Address | undefined {
    const key = (cidr: string): string | undefined => (family === 6 ? cidr.split('/')[0] : cidr);
    return this.#namespace.addresses.find((held) => held.linkIndex === linkIndex && key(held.address) === key(address));
  }
}
