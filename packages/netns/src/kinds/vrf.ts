import { type AttributeSet, attributeSet } from '../attributes/attribute-set.ts';
import { asU32, inRange } from '../attributes/format.ts';
import type { VrfSettings } from '../types/link-kinds.ts';

export const VRF: AttributeSet<VrfSettings> = attributeSet<VrfSettings>({
  table: [1, inRange(asU32, 1, 0xffff_ffff), 'required'],
});
