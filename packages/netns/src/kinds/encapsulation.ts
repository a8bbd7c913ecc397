import { asBe16, asBits, asU16, asWord } from '../attributes/format.ts';
import type { AttributeFields } from '../attributes/attribute-set.ts';
import type { Encapsulation } from '../types/link-kinds.ts';

/** @param first - number of the first of the four attributes, which follow each other */
export function encapsulationFields(first: number): AttributeFields<Encapsulation> {
  return {
    encapsulation: [first, asWord(asU16, { none: 0, fou: 1, gue: 2, mpls: 3 })],
    encapsulationFlags: [first + 1, asBits(asU16, { checksum: 1, checksum6: 2, remoteChecksum: 4 })],
    encapsulationSourcePort: [first + 2, asBe16],
    encapsulationDestinationPort: [first + 3, asBe16],
  };
}
