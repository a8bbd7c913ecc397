import { buildKindChange, buildKindCreate, buildPortChange } from '../../kinds/kind-messages.ts';
import { ON_LOWER } from '../../kinds/kinds.ts';
import { buildLinkChange } from '../../message/link-change.ts';
import { buildLinkCreate, buildVethCreate } from '../../message/link-create.ts';
import { matchesLink } from '../../message/link.ts';
import { checkLinkName, invalid } from '../../message/validate.ts';
import { linkPurpose } from '../../rtnl/purpose.ts';
import type { Purpose } from '../../socket/channel.ts';
import type { Link, LinkChange, LinkFilter, LinkSelector, LinkSpec, VethSpec } from '../../types/link.ts';
import type { Links } from '../../types/links.ts';
import type { LinkDetails } from '../../types/link-details.ts';
import type { LinkSettings, NewLink, PortSettings } from '../../types/link-kinds.ts';
import type { NetnsHandle } from '../../types/handles.ts';
import { applyChange } from './fake-link-change.ts';
import { namespaceOf } from './fake-netns.ts';
import { type FakeLink, type FakeNamespace, refusal } from './fake-state.ts';

/** {@link Links} in memory. Arguments are checked by the builders of the real messages. */
export class FakeLinks implements Links {
  readonly #namespace: FakeNamespace;

  constructor(namespace: FakeNamespace) {
    this.#namespace = namespace;
  }

  async createVeth(spec: VethSpec): Promise<{ index: number; peerIndex: number }> {
    const purpose = linkPurpose('create', spec);
    const { name, alias, isUp, ipv4Conf, ipv6AddressGeneration, peer: peerSpec, group = 0 } = spec;
    buildVethCreate(spec, undefined, purpose);
    const rest = present({ alias, isUp, ipv4Conf, ipv6AddressGeneration });
    buildLinkChange({ index: 1 }, rest, purpose);
    await this.#begin(purpose);
    const peerNamespace = this.#resolve(peerSpec.netns, purpose);
    this.#refuseTaken(this.#namespace, name, purpose);
    if (peerNamespace === this.#namespace && name === peerSpec.name) throw refusal('EEXIST', purpose);
    this.#refuseTaken(peerNamespace, peerSpec.name, purpose);

    const peer = peerNamespace.place(newLink('veth', peerSpec));
    const link = this.#namespace.place({ ...newLink('veth', spec), group, peer });
    peer.peer = link;
    applyChange(link, rest, purpose);
    return { index: link.index, peerIndex: peer.index };
  }

  createDummy(spec: LinkSpec): Promise<{ index: number }> {
    return this.#createSimple('dummy', spec);
  }

  createBridge(spec: LinkSpec): Promise<{ index: number }> {
    return this.#createSimple('bridge', spec);
  }

  async create(spec: NewLink): Promise<{ index: number }> {
    const purpose = linkPurpose('create', spec);
    buildKindCreate(spec, purpose);
    const { name, mtuBytes, txQueueLength, mac, alias, group, isUp, ...settings } = spec;
    const simple = present({ mtuBytes, txQueueLength, mac, alias, group, isUp });
    const { lowerIndex } = settings as { readonly lowerIndex?: number };
    const isOnLower = lowerIndex !== undefined && ON_LOWER.has(spec.kind);
    return this.#createSimple(spec.kind, { name, ...simple }, { settings, ...(isOnLower && { lowerIndex }) });
  }

  async configure(selector: LinkSelector, settings: LinkSettings): Promise<void> {
    const purpose = linkPurpose('configure', selector);
    buildKindChange(selector, settings, purpose);
    await this.#begin(purpose);
    const link = this.#namespace.require(selector, purpose);
    if (link.kind !== settings.kind) throw refusal('EOPNOTSUPP', purpose, `the link is of kind ${String(link.kind)}`);
    link.settings = { ...link.settings, ...settings };
  }

  async configurePort(selector: LinkSelector, settings: PortSettings): Promise<void> {
    const purpose = linkPurpose('configurePort', selector);
    buildPortChange(selector, settings, purpose);
    await this.#begin(purpose);
    const link = this.#namespace.require(selector, purpose);
    const master = [...this.#namespace.links.values()].find(({ index }) => index === link.masterIndex);
    if (master?.kind !== settings.kind)
      throw refusal('EOPNOTSUPP', purpose, `the link is no port of a ${settings.kind}`);
    link.port = { ...link.port, ...settings };
  }

  async inspect(selector: LinkSelector): Promise<LinkDetails | undefined> {
    await this.#begin(linkPurpose('inspect', selector));
    const link = this.#namespace.find(selector);
    if (link === undefined) return undefined;
    const { settings, port } = link;
    return { ...showLink(link), ...(settings && { settings }), ...(port && { port }) } as LinkDetails;
  }

  async get(selector: LinkSelector): Promise<Link | undefined> {
    const purpose = linkPurpose('get', selector);
    if ('name' in selector) checkLinkName(selector.name, purpose);
    await this.#begin(purpose);
    const link = this.#namespace.find(selector);
    return link && showLink(link);
  }

  async getPeer(selector: LinkSelector): Promise<Link | undefined> {
    await this.#begin(linkPurpose('getPeer', selector));
    const peer = this.#namespace.find(selector)?.peer;
    return peer && showLink(peer);
  }

  async list(filter: LinkFilter = {}): Promise<Link[]> {
    await this.#begin(linkPurpose('list'));
    return [...this.#namespace.links.values()].map(showLink).filter((link) => matchesLink(link, filter));
  }

  async set(selector: LinkSelector, change: LinkChange): Promise<void> {
    const purpose = linkPurpose('set', selector);
    const { netns, ...fields } = change;
    buildLinkChange({ index: 1 }, fields, purpose);
    await this.#begin(purpose);
    const link = this.#namespace.require(selector, purpose);
    if (netns !== undefined) this.#move(link, this.#resolve(netns, purpose), change.name ?? link.name, purpose);
    applyChange(link, fields, purpose);
  }

  async delete(selector: LinkSelector): Promise<boolean> {
    const purpose = linkPurpose('delete', selector);
    await this.#begin(purpose);
    const link = this.#namespace.find(selector);
    if (link === undefined) return false;
    remove(link, purpose);
    return true;
  }

  async deleteGroup(group: number): Promise<boolean> {
    const purpose = linkPurpose('deleteGroup', { name: `group ${group}` });
    if (group === 0) throw invalid(purpose, 'group', 'group 0 holds every link that was not put elsewhere');
    await this.#begin(purpose);
    const members = [...this.#namespace.links.values()].filter((link) => link.group === group);
    for (const link of members) if (this.#namespace.links.has(link.index)) remove(link, purpose);
    return members.length > 0;
  }

  async #createSimple(kind: string, spec: LinkSpec, details: Details = {}): Promise<{ index: number }> {
    const purpose = linkPurpose('create', spec);
    buildLinkCreate(kind, spec, purpose);
    await this.#begin(purpose);
    this.#refuseTaken(this.#namespace, spec.name, purpose);
    const link = this.#namespace.place({ ...newLink(kind, spec), ...details });
    applyChange(link, present({ alias: spec.alias, group: spec.group, isUp: spec.isUp }), purpose);
    return { index: link.index };
  }

  #move(link: FakeLink, target: FakeNamespace, name: string, purpose: Purpose): void {
    if (target === link.namespace) return;
    this.#refuseTaken(target, name, purpose);
    link.namespace.detach(link);
    delete link.masterIndex;
    target.place(Object.assign(link, { isUp: false }));
  }

  #refuseTaken(namespace: FakeNamespace, name: string, purpose: Purpose): void {
    if (namespace.find({ name }) !== undefined) throw refusal('EEXIST', purpose, `link ${name} exists`);
  }

  #resolve(netns: NetnsHandle | undefined, purpose: Purpose): FakeNamespace {
    return netns === undefined ? this.#namespace : namespaceOf(netns, purpose);
  }

  async #begin(purpose: Purpose): Promise<void> {
    await Promise.resolve();
    this.#namespace.journal.record(purpose);
  }
}

type Details = Pick<FakeLink, 'lowerIndex' | 'settings'>;
type End = Pick<LinkSpec, 'name' | 'mac' | 'mtuBytes' | 'txQueueLength'>;

function newLink(
  kind: string,
  { name, mac, mtuBytes = 1500, txQueueLength = 1000 }: End,
): Omit<FakeLink, 'index' | 'namespace'> {
  const common = { name, kind, mtuBytes, txQueueLength, isUp: false, isLoopback: false, group: 0 };
  return mac === undefined ? common : { ...common, mac: mac.toLowerCase() };
}

function remove(link: FakeLink, purpose: Purpose): void {
  if (link.isLoopback) {
    const reason = 'this link cannot be deleted: it is the loopback or a device of the machine';
    throw refusal('EOPNOTSUPP', purpose, reason);
  }
  link.namespace.detach(link);
  link.peer?.namespace.detach(link.peer);
}

/** A link as `list` shows it. */
export function showLink(link: FakeLink): Link {
  const { peer, lowerIndex, namespace, ...rest } = link;
  const fields = omitDetails(rest);
  const isForeign = peer !== undefined && peer.namespace !== namespace;
  const isConnected = hasCarrier(link);
  return {
    ...fields,
    hasCarrier: isConnected,
    isRunning: isConnected,
    ...(lowerIndex !== undefined && { peerIndex: lowerIndex }),
    ...(peer !== undefined && { peerIndex: peer.index }),
    ...(isForeign && { peerNetnsId: namespace.idOf(peer.namespace) }),
  };
}

function omitDetails<T extends Details & Pick<FakeLink, 'port'>>(link: T): Omit<T, 'settings' | 'port'> {
  const fields = { ...link };
  delete fields.settings;
  delete fields.port;
  return fields;
}

function hasCarrier(link: FakeLink): boolean {
  if (link.kind !== 'bridge') return link.isUp && (link.peer?.isUp ?? true);
  const ports = [...link.namespace.links.values()].filter((port) => port.masterIndex === link.index);
  return link.isUp && ports.some(hasCarrier);
}

type Loose<T> = { readonly [Key in keyof T]: T[Key] | undefined };

function present(change: Loose<LinkChange>): Omit<LinkChange, 'netns'> {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
}
