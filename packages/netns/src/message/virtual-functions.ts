import { type AttributeSet, asNested, attributeSet } from '../attributes/attribute-set.ts';
import { type Format, asMac, asRepeated, asWord, asU32 } from '../attributes/format.ts';
import { type Check, among, flag, object, optional, whole } from '../check/check.ts';
import { type NetlinkMessage, attributes, u32, u8 } from '../codec/reader.ts';
import { isLittleEndian } from '../codec/writer.ts';
import type { Purpose } from '../socket/channel.ts';
import type { LinkSelector } from '../types/link.ts';
import type { FunctionChange, FunctionVlan, VirtualFunction } from '../types/virtual-functions.ts';
import { RTM } from '../uapi/rtnetlink.ts';
import { buildLinkGet, linkMessage } from './link.ts';

/** Source: linux uapi if_link.h. */
const IFLA_VFINFO_LIST = 22;
const IFLA_VF_INFO = 1;
const IFLA_VF_VLAN_INFO = 1;
/** Source: linux uapi rtnetlink.h `RTEXT_FILTER_VF`, `RTEXT_FILTER_SKIP_STATS`. */
const FUNCTIONS_WITHOUT_COUNTERS = 1 | 8;
const IFINFOMSG_LENGTH = 16;
/** Source: linux uapi netdevice.h `MAX_ADDR_LEN`. */
const ADDRESS_BYTES = 32;
const MAC_BYTES = 6;
const VLAN_PROTOCOL = { '802.1Q': 0x8100, '802.1ad': 0x88a8 } as const;

/** Every attribute of a function begins with its number. */
interface Of<T> {
  readonly vf: number;
  readonly value: T;
}

function ofFunction<T>(format: Format<T>): Format<Of<T>> {
  return {
    check: () => undefined,
    encode: ({ vf, value }) => {
      const payload = format.encode(value);
      return payload && new Uint8Array(Buffer.concat([asU32.encode(vf) ?? new Uint8Array(0), payload]));
    },
    decode: (bytes) => {
      const value = format.decode(bytes.subarray(4));
      return value === undefined ? undefined : { vf: u32(bytes), value };
    },
  };
}

/** `struct ifla_vf_mac`, of an Ethernet device; a longer address is not read. */
const asFunctionMac: Format<string> = {
  check: asMac.check,
  encode: (mac) => {
    const bytes = new Uint8Array(ADDRESS_BYTES);
    bytes.set(asMac.encode(mac) ?? new Uint8Array(0));
    return bytes;
  },
  decode: (bytes) =>
    bytes.subarray(MAC_BYTES).some((byte) => byte !== 0) ? undefined : asMac.decode(bytes.subarray(0, MAC_BYTES)),
};

/** `struct ifla_vf_vlan_info`, without the number of the function. */
const asVlanInfo: Format<FunctionVlan> = {
  check: () => undefined,
  encode: ({ id, priority = 0, protocol = '802.1Q' }) => {
    const bytes = new Uint8Array(12);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, id, isLittleEndian);
    view.setUint32(4, priority, isLittleEndian);
    view.setUint16(8, VLAN_PROTOCOL[protocol]);
    return bytes;
  },
  decode: (bytes) => {
    const number = (u8(bytes, 8) << 8) | u8(bytes, 9);
    const protocol = number === VLAN_PROTOCOL['802.1ad'] ? '802.1ad' : '802.1Q';
    return number === VLAN_PROTOCOL[protocol] ? { id: u32(bytes), priority: u32(bytes, 4), protocol } : undefined;
  },
};

/** `struct ifla_vf_vlan`: a VLAN of 802.1Q. */
const asVlan: Format<FunctionVlan> = {
  ...asVlanInfo,
  encode: (vlan) => asVlanInfo.encode(vlan)?.subarray(0, 8),
  decode: (bytes) => ({ id: u32(bytes), priority: u32(bytes, 4) }),
};

interface Rates {
  readonly min: number;
  readonly max: number;
}

/** `struct ifla_vf_rate`. */
const asRates: Format<Rates> = {
  check: () => undefined,
  encode: ({ min, max }) => new Uint8Array(Uint32Array.of(min, max).buffer),
  decode: (bytes) => ({ min: u32(bytes), max: u32(bytes, 4) }),
};
/** The kernel says 4294967295 for what the driver does not know. */
const asSwitch: Format<boolean> = {
  check: flag,
  encode: (value) => asU32.encode(Number(value)),
  decode: (bytes) => [false, true][u32(bytes)],
};

interface FunctionAttributes {
  readonly mac?: Of<string>;
  readonly vlan?: Of<FunctionVlan>;
  readonly txRate?: Of<number>;
  readonly spoofCheck?: Of<boolean>;
  readonly linkState?: Of<'auto' | 'enable' | 'disable'>;
  readonly rates?: Of<Rates>;
  readonly rssQuery?: Of<boolean>;
  readonly trust?: Of<boolean>;
  readonly vlans?: readonly Of<FunctionVlan>[];
  readonly broadcastMac?: Of<string>;
}

const FUNCTION: AttributeSet<FunctionAttributes> = attributeSet<FunctionAttributes>({
  mac: [1, ofFunction(asFunctionMac)],
  vlan: [2, ofFunction(asVlan)],
  txRate: [3, ofFunction(asU32)],
  spoofCheck: [4, ofFunction(asSwitch)],
  linkState: [5, ofFunction(asWord(asU32, { auto: 0, enable: 1, disable: 2 }))],
  rates: [6, ofFunction(asRates)],
  rssQuery: [7, ofFunction(asSwitch)],
  trust: [9, ofFunction(asSwitch)],
  vlans: [12, asRepeated(ofFunction(asVlanInfo), IFLA_VF_VLAN_INFO)],
  // Without the number of the function.
  broadcastMac: [13, { ...ofFunction(asFunctionMac), decode: (bytes) => decodeBroadcast(bytes) }],
});
const LIST = asRepeated(asNested(FUNCTION), IFLA_VF_INFO);

function decodeBroadcast(bytes: Uint8Array): Of<string> | undefined {
  const value = asFunctionMac.decode(bytes);
  return value === undefined ? undefined : { vf: 0, value };
}

const rate = optional(whole(0, 0xffff_ffff));

export const FUNCTION_NUMBER: Check<number> = whole(0, 0xffff_ffff);
export const FUNCTION_CHANGE: Check<FunctionChange> = object<FunctionChange>({
  mac: optional(asMac.check),
  vlan: optional(
    object<FunctionVlan>({
      id: whole(0, 4095),
      priority: optional(whole(0, 7)),
      protocol: optional(among('802.1Q', '802.1ad')),
    }),
  ),
  maxTxRateMbitPerSec: rate,
  minTxRateMbitPerSec: rate,
  spoofCheck: optional(flag),
  linkState: optional(among('auto', 'enable', 'disable')),
  rssQuery: optional(flag),
  trust: optional(flag),
});

/** RTM_NEWLINK that changes one function. */
export function buildFunctionChange(
  selector: LinkSelector,
  vf: number,
  { mac, vlan, maxTxRateMbitPerSec: max, minTxRateMbitPerSec: min, ...rest }: FunctionChange,
  purpose: Purpose,
): Uint8Array {
  const of = <T>(value: T): Of<T> => ({ vf, value });
  const { spoofCheck, linkState, rssQuery, trust } = rest;
  const hasOtherProtocol = vlan?.protocol === '802.1ad';
  const change: FunctionAttributes = {
    ...(mac !== undefined && { mac: of(mac) }),
    ...(vlan !== undefined && (hasOtherProtocol ? { vlans: [of(vlan)] } : { vlan: of(vlan) })),
    ...((max ?? min) !== undefined && { rates: of({ min: min ?? 0, max: max ?? 0 }) }),
    ...(spoofCheck !== undefined && { spoofCheck: of(spoofCheck) }),
    ...(linkState !== undefined && { linkState: of(linkState) }),
    ...(rssQuery !== undefined && { rssQuery: of(rssQuery) }),
    ...(trust !== undefined && { trust: of(trust) }),
  };
  const list = LIST.encode([change]) ?? new Uint8Array(0);
  return linkMessage(RTM.NEWLINK, selector, purpose).attribute(IFLA_VFINFO_LIST, list).finish();
}

/** RTM_GETLINK for one link with its functions. */
export function buildFunctionsGet(selector: LinkSelector, purpose: Purpose): Uint8Array {
  return buildLinkGet(selector, purpose, undefined, FUNCTIONS_WITHOUT_COUNTERS);
}

/** The functions that a link has. @throws {@link NetlinkError} `EBADMSG` */
export function decodeFunctions({ payload }: NetlinkMessage): VirtualFunction[] {
  const list = attributes(payload, IFINFOMSG_LENGTH).get(IFLA_VFINFO_LIST);
  return list === undefined ? [] : (LIST.decode(list) ?? []).map(functionOf);
}

function functionOf(found: FunctionAttributes & Pick<VirtualFunction, 'unknown'>): VirtualFunction {
  const { mac, rates, txRate, spoofCheck, linkState, rssQuery, trust, broadcastMac, unknown } = found;
  const vlan = found.vlans?.[0] ?? found.vlan;
  const max = rates?.value.max ?? txRate?.value;
  return {
    number: (mac ?? vlan ?? rates ?? txRate ?? spoofCheck ?? linkState)?.vf ?? 0,
    ...(mac && { mac: mac.value }),
    ...(broadcastMac && { broadcastMac: broadcastMac.value }),
    ...(vlan && { vlan: vlan.value }),
    ...(max !== undefined && { maxTxRateMbitPerSec: max }),
    ...(rates && { minTxRateMbitPerSec: rates.value.min }),
    ...(spoofCheck && { spoofCheck: spoofCheck.value }),
    ...(linkState && { linkState: linkState.value }),
    ...(rssQuery && { rssQuery: rssQuery.value }),
    ...(trust && { trust: trust.value }),
    ...(unknown && { unknown }),
  };
}
