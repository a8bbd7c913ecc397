import { object, whole } from '../check/check.ts';
import { type AttributeSet, attributeSet } from '../attributes/attribute-set.ts';
import {
  type Format,
  asBe16,
  asBe32,
  asBoolean,
  asFlag,
  asIp,
  asU32,
  asU8,
  asWord,
  inRange,
} from '../attributes/format.ts';
import { u8 } from '../codec/reader.ts';
import type { NumberRange } from '../types/rule.ts';
import type { VxlanSettings } from '../types/link-kinds.ts';

/** `struct ifla_vxlan_port_range`, in network byte order. */
const asPorts: Format<NumberRange> = {
  check: object<NumberRange>({ first: whole(0, 0xffff), last: whole(0, 0xffff) }),
  encode: ({ first, last }) => Uint8Array.of(first >> 8, first & 0xff, last >> 8, last & 0xff),
  decode: (bytes) => ({ first: (u8(bytes) << 8) | u8(bytes, 1), last: (u8(bytes, 2) << 8) | u8(bytes, 3) }),
};

export const VXLAN: AttributeSet<VxlanSettings> = attributeSet<VxlanSettings>({
  id: [1, inRange(asU32, 0, 0xff_ffff)],
  remote: [[2, 16], asIp],
  local: [[4, 17], asIp],
  lowerIndex: [3, inRange(asU32, 0, 0x7fff_ffff)],
  ttl: [5, asU8],
  tos: [6, asU8],
  dontFragment: [29, asWord(asU8, { unset: 0, set: 1, inherit: 2 })],
  flowLabel: [26, inRange(asBe32, 0, 0xf_ffff)],
  learning: [7, asBoolean],
  ageingSec: [8, asU32],
  maxAddresses: [9, asU32],
  sourcePorts: [10, asPorts],
  proxy: [11, asBoolean],
  routeShortCircuit: [12, asBoolean],
  notifyL2Miss: [13, asBoolean],
  notifyL3Miss: [14, asBoolean],
  destinationPort: [15, asBe16],
  udpChecksum: [18, asBoolean],
  udp6ZeroChecksumTx: [19, asBoolean],
  udp6ZeroChecksumRx: [20, asBoolean],
  groupPolicy: [23, asFlag],
  genericProtocol: [27, asFlag],
  external: [25, asBoolean],
  vniFilter: [30, asBoolean],
});
