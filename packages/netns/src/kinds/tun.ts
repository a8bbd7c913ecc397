import { type AttributeSet, attributeSet } from '../attributes/attribute-set.ts';
import { asBoolean, asU32, asU8, asWord } from '../attributes/format.ts';
import type { TunSettings } from '../types/link-kinds.ts';

export const TUN: AttributeSet<TunSettings> = attributeSet<TunSettings>({
  ownerId: [1, asU32],
  groupId: [2, asU32],
  mode: [3, asWord(asU8, { tun: 1, tap: 2 })],
  packetInformation: [4, asBoolean],
  offloadHeader: [5, asBoolean],
  persistent: [6, asBoolean],
  multiQueue: [7, asBoolean],
  queues: [8, asU32],
  disabledQueues: [9, asU32],
});
