import { type AttributeSet, attributeSet } from '../attributes/attribute-set.ts';
import { asU16, asWord } from '../attributes/format.ts';
import type { IpvlanSettings } from '../types/link-kinds.ts';

export const IPVLAN: AttributeSet<IpvlanSettings> = attributeSet<IpvlanSettings>({
  mode: [1, asWord(asU16, { l2: 0, l3: 1, l3s: 2 })],
  isolation: [2, asWord(asU16, { bridge: 0, private: 1, vepa: 2 })],
});
