import { NetlinkError, isNetlinkError } from '../errors.ts';
import type * as KindMessages from '../kinds/kind-messages.ts';
import { type LinkChangeMessage, buildLinkChange, isEmptyChange } from '../message/link-change.ts';
import { buildLinkCreate, buildVethCreate } from '../message/link-create.ts';
import { buildGroupDelete, buildLinkDelete, buildLinkDump, buildLinkGet, matchesLink } from '../message/link.ts';
import { decodeLink } from '../message/link-decode.ts';
import { invalid } from '../message/validate.ts';
import { useNetnsFd } from './netns-fd.ts';
import type { Listed } from '../types/common.ts';
import type { Channel, Purpose } from '../socket/channel.ts';
import type { Link, LinkChange, LinkFilter, LinkSelector, LinkSpec, VethSpec } from '../types/link.ts';
import type { Links } from '../types/links.ts';
import type { LinkDetails } from '../types/link-details.ts';
import type { LinkSettings, NewLink, PortSettings } from '../types/link-kinds.ts';
import { didExist, orWhenAbsent } from './outcome.ts';
import { linkPurpose } from './purpose.ts';

/** {@link Links} over a channel to the kernel. */
export class KernelLinks implements Links {
  readonly #channel: Channel;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  async createVeth(spec: VethSpec): Promise<{ index: number; peerIndex: number }> {
    const { alias, isUp, ipv4Conf, ipv6AddressGeneration, peer } = spec;
    const purpose = linkPurpose('create', spec);
    const link = await useNetnsFd(peer.netns, purpose, (fd) => {
      const message = buildVethCreate(spec, fd, purpose);
      return this.#create(message, spec, { alias, isUp, ipv4Conf, ipv6AddressGeneration }, purpose);
    }).catch((error: unknown) => this.#explainClash(error, spec));
    if (link.peerIndex === undefined)
      throw new NetlinkError({ code: 'ENODEV', errno: 19, ...purpose, reason: 'no peer' });
    return { index: link.index, peerIndex: link.peerIndex };
  }

  async createDummy(spec: LinkSpec): Promise<{ index: number }> {
    const purpose = linkPurpose('create', spec);
    return this.#createSimple(buildLinkCreate('dummy', spec, purpose), spec, purpose);
  }

  async createBridge(spec: LinkSpec): Promise<{ index: number }> {
    const purpose = linkPurpose('create', spec);
    return this.#createSimple(buildLinkCreate('bridge', spec, purpose), spec, purpose);
  }

  async create(spec: NewLink): Promise<{ index: number }> {
    const purpose = linkPurpose('create', spec);
    const { buildKindCreate } = await loadKinds();
    return this.#createSimple(buildKindCreate(spec, purpose), spec, purpose);
  }

  async configure(selector: LinkSelector, settings: LinkSettings): Promise<void> {
    const purpose = linkPurpose('configure', selector);
    const { buildKindChange } = await loadKinds();
    await this.#channel.request(buildKindChange(selector, settings, purpose), purpose);
  }

  async configurePort(selector: LinkSelector, settings: PortSettings): Promise<void> {
    const purpose = linkPurpose('configurePort', selector);
    const { buildPortChange } = await loadKinds();
    await this.#channel.request(buildPortChange(selector, settings, purpose), purpose);
  }

  async inspect(selector: LinkSelector): Promise<LinkDetails | undefined> {
    const purpose = linkPurpose('inspect', selector);
    const { decodeDetails } = await import('../kinds/details.ts');
    const message = buildLinkGet(selector, purpose, undefined, 0);
    return orWhenAbsent(this.#channel.request(message, purpose, decodeDetails), undefined, 'ENODEV');
  }

  async get(selector: LinkSelector): Promise<Link | undefined> {
    return getLink(this.#channel, selector);
  }

  async getPeer(selector: LinkSelector): Promise<Link | undefined> {
    const link = await this.get(selector);
    if (link?.peerIndex === undefined) return undefined;
    const purpose = linkPurpose('getPeer', selector);
    const message = buildLinkGet({ index: link.peerIndex }, purpose, link.peerNetnsId);
    return orWhenAbsent(this.#channel.request(message, purpose, decodeLink), undefined, 'ENODEV');
  }

  async list(filter: LinkFilter = {}): Promise<Listed<Link>> {
    const purpose = linkPurpose('list');
    return this.#channel.dump(buildLinkDump(filter, purpose), purpose, (row) => {
      const link = decodeLink(row);
      return link !== undefined && matchesLink(link, filter) ? link : undefined;
    });
  }

  async set(selector: LinkSelector, change: LinkChange): Promise<void> {
    const purpose = linkPurpose('set', selector, isBrief(change));
    if (isEmptyChange(change)) return;
    const { netns, ...fields } = change;
    await useNetnsFd(netns, purpose, async (netnsFd) => {
      const settings = { ...fields, ...(netnsFd !== undefined && { netnsFd }) };
      await this.#channel.session(purpose, (channel) => setLink(channel, selector, settings, purpose));
    });
  }

  async delete(selector: LinkSelector): Promise<boolean> {
    const purpose = linkPurpose('delete', selector);
    const done = this.#channel.request(buildLinkDelete(selector, purpose), purpose).catch(explainUndeletable);
    return didExist(done, 'ENODEV');
  }

  async deleteGroup(group: number): Promise<boolean> {
    const purpose = linkPurpose('deleteGroup', { name: `group ${group}` });
    if (group === 0) throw invalid(purpose, 'group', 'group 0 holds every link that was not put elsewhere');
    return didExist(this.#channel.request(buildGroupDelete(group, purpose), purpose), 'ENODEV');
  }

  async #createSimple(message: Uint8Array, spec: LinkSpec, purpose: Purpose): Promise<{ index: number }> {
    const done = this.#create(message, spec, { alias: spec.alias, isUp: spec.isUp }, purpose);
    const { index } = await done.catch((error: unknown) => {
      if (!isNetlinkError(error, 'EEXIST')) throw error;
      const { code, errno } = error;
      throw new NetlinkError({
        code,
        errno,
        ...purpose,
        reason: `link ${spec.name} exists`,
        attribute: 'name',
        cause: error,
      });
    });
    return { index };
  }

  /** Creates, then applies `rest`, which the kernel does not take in the creating message; all or nothing. */
  #create(message: Uint8Array, { name }: LinkSpec, rest: Loose<LinkChangeMessage>, purpose: Purpose): Promise<Link> {
    const settings = isEmptyChange(rest) ? undefined : (rest as LinkChangeMessage);
    // Built before anything is created, so that a bad argument leaves nothing behind.
    if (settings !== undefined) buildLinkChange({ index: 1 }, settings, purpose);
    return this.#channel.session(purpose, async (channel) => {
      const link = (await channel.request(message, purpose, decodeLink)) ?? (await getLink(channel, { name }));
      if (link === undefined) throw new NetlinkError({ code: 'ENODEV', errno: 19, ...purpose, reason: 'gone again' });
      if (settings === undefined) return link;
      try {
        await channel.request(buildLinkChange({ index: link.index }, settings, purpose), purpose);
        return link;
      } catch (error) {
        await channel.request(buildLinkDelete({ index: link.index }, purpose), purpose).catch(() => undefined);
        throw error;
      }
    });
  }

  /** The kernel says EEXIST for either name, and not which. */
  async #explainClash(error: unknown, { name, peer }: VethSpec): Promise<never> {
    if (!isNetlinkError(error, 'EEXIST')) throw error;
    const isOwnName = (await this.get({ name })) !== undefined;
    const place = peer.netns === undefined ? 'this namespace' : `the peer's namespace`;
    const reason = isOwnName ? `link ${name} exists` : `link ${peer.name} exists in ${place}`;
    const { errno, code, operation, subject } = error;
    throw new NetlinkError({
      code,
      errno,
      operation,
      subject,
      reason,
      attribute: isOwnName ? 'name' : 'peer.name',
      cause: error,
    });
  }
}

/** To move a link, to rename it or to give it to a bridge makes the kernel wait for who reads lists of links. */
function isBrief({ netns, masterIndex, name }: LinkChange): boolean {
  return netns === undefined && masterIndex === undefined && name === undefined;
}

/** Source: linux net/core/rtnetlink.c `rtnl_delete_link`: a driver without `dellink` is asked for none. */
function explainUndeletable(error: unknown): never {
  if (!isNetlinkError(error, 'EOPNOTSUPP')) throw error;
  const { code, errno, operation, subject } = error;
  const reason = 'this link cannot be deleted: it is the loopback or a device of the machine';
  throw new NetlinkError({ code, errno, operation, subject, reason, cause: error });
}

/** Loaded at the first use: few programs create more than veth pairs and bridges. */
function loadKinds(): Promise<typeof KindMessages> {
  return import('../kinds/kind-messages.ts');
}

type Loose<T> = { readonly [Key in keyof T]: T[Key] | undefined };

function getLink(channel: Channel, selector: LinkSelector): Promise<Link | undefined> {
  const purpose = linkPurpose('get', selector);
  return orWhenAbsent(channel.request(buildLinkGet(selector, purpose), purpose, decodeLink), undefined, 'ENODEV');
}

/** By name, IFLA_IFNAME selects the link and cannot carry the new name as well: the index is looked up first. */
async function setLink(
  channel: Channel,
  selector: LinkSelector,
  change: LinkChangeMessage,
  purpose: Purpose,
): Promise<void> {
  let target = selector;
  if ('name' in selector && change.name !== undefined) {
    const link = await getLink(channel, selector);
    if (link === undefined) throw new NetlinkError({ code: 'ENODEV', errno: 19, ...purpose, reason: 'no such link' });
    target = { index: link.index };
  }
  await channel.request(buildLinkChange(target, change, purpose), purpose);
}
