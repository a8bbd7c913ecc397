import { familyOf } from '@routed/addresses';
import { buildNeighbourAdd, buildNeighbourDelete, buildNeighbourResolve } from '../../message/neighbour.ts';
import { canonicalIp } from '../../message/canonical.ts';
import { neighbourPurpose } from '../../rtnl/purpose.ts';
import type { Purpose } from '../../socket/channel.ts';
import type { Neighbour, NeighbourFilter, NeighbourSpec, Neighbours } from '../../types/neighbour.ts';
import { type FakeNamespace, keep, refusal } from './fake-state.ts';

type Key = Pick<NeighbourSpec, 'linkIndex' | 'address' | 'isProxy'>;

/** {@link Neighbours} in memory; nothing ages and nothing is learnt. */
export class FakeNeighbours implements Neighbours {
  readonly #namespace: FakeNamespace;

  constructor(namespace: FakeNamespace) {
    this.#namespace = namespace;
  }

  async add(spec: NeighbourSpec): Promise<void> {
    const purpose = neighbourPurpose('add', spec);
    await this.#check(spec, purpose);
    const isThere = this.#namespace.neighbours.some((held) => isSameKey(held, spec));
    if (isThere && !spec.isProxy) throw refusal('EEXIST', purpose);
    this.#put(spec);
  }

  async replace(spec: NeighbourSpec): Promise<void> {
    await this.#check(spec, neighbourPurpose('replace', spec));
    this.#put(spec);
  }

  async resolve(spec: Pick<NeighbourSpec, 'linkIndex' | 'address'>): Promise<void> {
    const purpose = neighbourPurpose('resolve', spec);
    buildNeighbourResolve(spec, purpose);
    await this.#record(purpose);
    const { index: linkIndex } = this.#namespace.require({ index: spec.linkIndex }, purpose);
    const address = canonicalIp(spec.address);
    if (this.#namespace.neighbours.some((held) => isSameKey(held, { linkIndex, address }))) return;
    const family = familyOf(address);
    const flags = { isPermanent: false, isProxy: false, isRouter: false };
    this.#namespace.neighbours.push({ linkIndex, family, address, state: 'incomplete', ...flags });
  }

  async delete(spec: Key): Promise<boolean> {
    const purpose = neighbourPurpose('delete', spec);
    buildNeighbourDelete(spec, purpose);
    await this.#record(purpose);
    return keep(this.#namespace.neighbours, (held) => !isSameKey(held, spec));
  }

  async list(filter: NeighbourFilter = {}): Promise<Neighbour[]> {
    await this.#record(neighbourPurpose('list', filter));
    const { linkIndex, family, isProxy = false } = filter;
    return this.#namespace.neighbours
      .filter((held) => held.isProxy === isProxy)
      .filter((held) => linkIndex === undefined || held.linkIndex === linkIndex)
      .filter((held) => family === undefined || held.family === family)
      .sort((one, other) => one.family - other.family);
  }

  async #check(spec: NeighbourSpec, purpose: Purpose): Promise<void> {
    buildNeighbourAdd(spec, 0, purpose);
    await this.#record(purpose);
    this.#namespace.require({ index: spec.linkIndex }, purpose);
  }

  #put(spec: NeighbourSpec): void {
    const { linkIndex, isPermanent = true, isProxy = false, mac, protocol } = spec;
    const address = canonicalIp(spec.address);
    const state = isPermanent ? 'permanent' : 'reachable';
    keep(this.#namespace.neighbours, (held) => !isSameKey(held, spec));
    this.#namespace.neighbours.push({
      linkIndex,
      family: familyOf(address),
      address,
      state: isProxy ? 'none' : state,
      isPermanent: !isProxy && isPermanent,
      isProxy,
      isRouter: false,
      ...(mac !== undefined && !isProxy && { mac: mac.toLowerCase() }),
      ...(protocol !== undefined && { protocol }),
    });
  }

  async #record(purpose: Purpose): Promise<void> {
    await Promise.resolve();
    this.#namespace.journal.record(purpose);
  }
}

function isSameKey(held: Neighbour, { linkIndex, address, isProxy = false }: Key): boolean {
  return held.linkIndex === linkIndex && held.address === canonicalIp(address) && held.isProxy === isProxy;
}
