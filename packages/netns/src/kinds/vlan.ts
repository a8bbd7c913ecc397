import { type AttributeSet, attributeSet } from '../attributes/attribute-set.ts';
import { type Format, asBe16, asMaskedBits, asRepeated, asU16, asU32, asWord, inRange } from '../attributes/format.ts';
import { object } from '../check/check.ts';
import { u32 } from '../codec/reader.ts';
import type { PriorityMapping, VlanSettings } from '../types/link-kinds.ts';

const IFLA_VLAN_QOS_MAPPING = 1;

/** `struct ifla_vlan_qos_mapping`. */
const asMapping: Format<PriorityMapping> = {
  check: object<PriorityMapping>({ from: asU32.check, to: asU32.check }),
  encode: ({ from, to }) => new Uint8Array(Uint32Array.of(from, to).buffer),
  decode: (bytes) => ({ from: u32(bytes), to: u32(bytes, 4) }),
};

export const VLAN: AttributeSet<VlanSettings> = attributeSet<VlanSettings>({
  protocol: [5, asWord(asBe16, { '802.1Q': 0x8100, '802.1ad': 0x88a8 })],
  id: [1, inRange(asU16, 0, 4094), 'required'],
  flags: [2, asMaskedBits({ reorderHeader: 1, gvrp: 2, looseBinding: 4, mvrp: 8, bridgeBinding: 16 })],
  egressPriorities: [3, asRepeated(asMapping, IFLA_VLAN_QOS_MAPPING)],
  ingressPriorities: [4, asRepeated(asMapping, IFLA_VLAN_QOS_MAPPING)],
});
