import { asNested, attributeSet, type AttributeSet } from '../attributes/attribute-set.ts';
import { asList, asText, asU16, asU32 } from '../attributes/format.ts';
import { u8 } from '../codec/reader.ts';
import { isNetlinkError } from '../errors.ts';
import type { NetlinkMessage } from '../codec/reader.ts';
import type { Netlink } from './contract.ts';

/** Source: linux uapi genetlink.h `GENL_ID_CTRL`, `CTRL_CMD_GETFAMILY`, `struct genlmsghdr`. */
const GENL_ID_CTRL = 16;
const CTRL_CMD_GETFAMILY = 3;
/** `struct genlmsghdr`: command, version, two bytes that are not used. */
export const GENL_HDRLEN = 4;

interface GroupAttributes {
  readonly name?: string;
  readonly id?: number;
}

interface FamilyAttributes {
  readonly id?: number;
  readonly name?: string;
  readonly version?: number;
  readonly headerBytes?: number;
  readonly groups?: readonly GroupAttributes[];
}

/** Source: linux uapi genetlink.h `CTRL_ATTR_*`. */
const FAMILY: AttributeSet<FamilyAttributes> = attributeSet<FamilyAttributes>({
  id: [1, asU16],
  name: [2, asText],
  version: [3, asU32],
  headerBytes: [4, asU32],
  groups: [7, asList(asNested(attributeSet<GroupAttributes>({ name: [1, asText], id: [2, asU32] })))],
});

/** A family of generic netlink in the running kernel. */
export interface GenericFamily {
  readonly name: string;
  /** The message type of its requests; another one after each boot. */
  readonly id: number;
  readonly version: number;
  /** Bytes of a fixed header of its own that follows {@link genericHeader}; mostly 0. */
  readonly headerBytes: number;
  /** Numbers of its multicast groups, by name. */
  readonly groups: ReadonlyMap<string, number>;
}

/** `struct genlmsghdr`, the header of every request of generic netlink. */
export function genericHeader(command: number, version = 1): Uint8Array {
  return Uint8Array.of(command, version, 0, 0);
}

/** The command of a message of generic netlink. @throws {@link NetlinkError} `EBADMSG` */
export function genericCommand({ payload }: NetlinkMessage): number {
  return u8(payload);
}

/** Looks a family of generic netlink up by name; `undefined`: this kernel has none, or its module is not loaded. */
export async function genericFamily(netlink: Netlink, name: string): Promise<GenericFamily | undefined> {
  const request = {
    type: GENL_ID_CTRL,
    header: genericHeader(CTRL_CMD_GETFAMILY, 2),
    attributes: FAMILY.encode({ name }),
    operation: 'generic.family',
  };
  const [reply] = await netlink.request(request).catch((error: unknown) => {
    if (isNetlinkError(error, 'ENOENT')) return [];
    throw error;
  });
  return reply && decodeFamily(reply);
}

/** Every family of generic netlink in the running kernel. */
export async function genericFamilies(netlink: Netlink): Promise<readonly GenericFamily[]> {
  const header = genericHeader(CTRL_CMD_GETFAMILY, 2);
  const families: GenericFamily[] = [];
  for await (const row of netlink.dump({ type: GENL_ID_CTRL, header, operation: 'generic.families' })) {
    families.push(decodeFamily(row));
  }
  return families;
}

function decodeFamily({ payload }: NetlinkMessage): GenericFamily {
  const { id = 0, name = '', version = 0, headerBytes = 0, groups = [] } = FAMILY.decode(payload.subarray(GENL_HDRLEN));
  return {
    id,
    name,
    version,
    headerBytes,
    groups: new Map(groups.map((group) => [group.name ?? '', group.id ?? 0])),
  };
}
