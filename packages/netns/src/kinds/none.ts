import { type AttributeSet, attributeSet } from '../attributes/attribute-set.ts';
import type { NoSettings } from '../types/link-kinds.ts';

export const NO_SETTINGS: AttributeSet<NoSettings> = attributeSet<NoSettings>({});
