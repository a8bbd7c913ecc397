import { type AttributeSet, attributeSet } from '../attributes/attribute-set.ts';
import { asBits, asU16, asU32, asWord } from '../attributes/format.ts';
import type { MacvlanSettings } from '../types/link-kinds.ts';

export const MACVLAN: AttributeSet<MacvlanSettings> = attributeSet<MacvlanSettings>({
  mode: [1, asWord(asU32, { private: 1, vepa: 2, bridge: 4, passthru: 8, source: 16 })],
  flags: [2, asBits(asU16, { noPromiscuity: 1, noDestination: 2 })],
  broadcastQueueLength: [7, asU32],
});
