import { expect } from 'chai';
import fc from 'fast-check';
import { decodeKey, encodeKey, fieldsOf, KEY_FIELDS, type KeyField, keyShape } from '../../src/tables/key-fields.ts';

const values: Readonly<Record<KeyField, fc.Arbitrary<string | number>>> = {
  ipv4: fc.ipV4(),
  ipv6: fc.constantFrom('::', 'fd00::7', '2001:db8:1::ffff'),
  link: fc.stringMatching(/^[a-z0-9.-]{1,15}$/),
  mac: fc.stringMatching(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/),
  protocol: fc.nat(255),
  port: fc.nat(65_535),
  mark: fc.integer({ min: 0, max: 0xffff_ffff }),
};
const fieldLists = fc.array(fc.constantFrom(...KEY_FIELDS), { minLength: 1, maxLength: 5 });

describe('keys of sets', () => {
  it('come back as they were written, with the length that the set has', () => {
    const keys = fieldLists.chain((fields) =>
      fc.tuple(fc.constant(fields), fc.tuple(...fields.map((field) => values[field]))),
    );
    fc.assert(
      fc.property(keys, ([fields, key]) => {
        const bytes = encodeKey(fields, key) as Uint8Array;

        expect(bytes).to.have.lengthOf(keyShape(fields).keyBytes);
        expect(decodeKey(fields, bytes)).to.deep.equal(key);
      }),
    );
  });

  it('have a number that says their fields, and only theirs', () => {
    fc.assert(
      fc.property(fieldLists, (fields) => {
        expect(fieldsOf(keyShape(fields).keyType)).to.deep.equal(fields);
      }),
    );
    expect(fieldsOf(0)).to.equal(undefined);
    expect(fieldsOf((7 << 6) | 26)).to.equal(undefined);
  });

  it('are refused with the value and what was expected', () => {
    for (const [fields, key, reason] of [
      [['ipv4'], ['fd00::1'], '"fd00::1" is not an IPv4 address such as 192.0.2.7'],
      [['ipv6'], ['192.0.2.7'], '"192.0.2.7" is not an IPv6 address such as fd00::7'],
      [['ipv4', 'port'], ['192.0.2.7'], '1 fields, expected ipv4, port'],
      [['port'], [65_536], '65536 is not a port, 0 to 65535'],
      [['port'], ['80'], '"80" is not a port, 0 to 65535'],
      [['mark'], [1.5], '1.5 is not a mark, 0 to 4294967295'],
      [['link'], ['a-name-too-long0'], '"a-name-too-long0" is not a link name of 1 to 15 bytes'],
      [['mac'], ['02:42'], '"02:42" is not a MAC address such as 02:42:0a:01:00:02'],
      [['protocol'], [256], '256 is not the number of a protocol above IP, 0 to 255: 6 for TCP'],
    ] as [KeyField[], (string | number)[], string][]) {
      expect(encodeKey(fields, key), reason).to.deep.equal({ reason });
    }
  });
});
