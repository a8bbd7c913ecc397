import { type AttributeSet, attributeSet } from '../attributes/attribute-set.ts';
import { asU32 } from '../attributes/format.ts';
import { checkArgument } from '../check/argument.ts';
import { optional, whole } from '../check/check.ts';
import { NETNS_HANDLE } from '../check/options.ts';
import type { NetlinkMessage } from '../codec/reader.ts';
import { MessageWriter } from '../codec/writer.ts';
import { NetlinkError } from '../errors.ts';
import { useNetnsFd } from './netns-fd.ts';
import type { Channel, Purpose } from '../socket/channel.ts';
import type { NetnsHandle } from '../types/handles.ts';
import type { NamespaceIds } from '../types/namespace-ids.ts';
import { RTM } from '../uapi/rtnetlink.ts';

/** `struct rtgenmsg`, padded. */
const HEADER_LENGTH = 4;
/** -1: none yet, or one that the kernel chooses. */
const NOT_ASSIGNED = 0xffff_ffff;
const ID = whole(0, 0x7fff_ffff);

interface Attributes {
  readonly id?: number;
  readonly fd?: number;
}

/** Source: linux uapi net_namespace.h `NETNSA_*`. */
const NETNSA: AttributeSet<Attributes> = attributeSet<Attributes>({ id: [1, asU32], fd: [3, asU32] });

/** {@link NamespaceIds} over a channel to the kernel. */
export class KernelNamespaceIds implements NamespaceIds {
  readonly #channel: Channel;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  async get(netns: NetnsHandle): Promise<number | undefined> {
    checkArgument(NETNS_HANDLE, netns, 'namespaceId.get');
    const purpose = purposeOf('get', netns);
    return useNetnsFd(netns, purpose, (fd) => this.#get(fd, purpose));
  }

  async assign(netns: NetnsHandle, id?: number): Promise<number> {
    checkArgument(NETNS_HANDLE, netns, 'namespaceId.assign');
    checkArgument(optional(ID), id, 'namespaceId.assign');
    const purpose = purposeOf('assign', netns);
    return useNetnsFd(netns, purpose, async (fd) => {
      await this.#channel.request(
        build(RTM.NEWNSID, { id: id ?? NOT_ASSIGNED, ...(fd !== undefined && { fd }) }),
        purpose,
      );
      const assigned = id ?? (await this.#get(fd, purpose));
      if (assigned !== undefined) return assigned;
      throw new NetlinkError({ code: 'ENOENT', errno: 2, ...purpose, reason: 'the kernel gave it no number' });
    });
  }

  async list(): Promise<readonly number[]> {
    const ids = await this.#channel.dump(build(RTM.GETNSID, {}), purposeOf('list'), decodeId);
    return ids.sort((one, other) => one - other);
  }

  #get(fd: number | undefined, purpose: Purpose): Promise<number | undefined> {
    return this.#channel.request(build(RTM.GETNSID, fd === undefined ? {} : { fd }), purpose, decodeId);
  }
}

function build(type: number, attributes: Attributes): Uint8Array {
  return new MessageWriter(type, 0).u32(0).bytes(NETNSA.encode(attributes)).finish();
}

function decodeId({ payload }: NetlinkMessage): number | undefined {
  const { id } = NETNSA.decode(payload.subarray(HEADER_LENGTH));
  return id === NOT_ASSIGNED ? undefined : id;
}

function purposeOf(action: string, netns?: NetnsHandle): Purpose {
  return { operation: `namespaceId.${action}`, subject: netns?.identity ?? '' };
}
