import { expect } from 'chai';
import * as fc from 'fast-check';

import { asNested, attributeSet } from '../../../src/attributes/attribute-set.ts';
import {
  type Format,
  asBe16,
  asBe32,
  asBits,
  asBoolean,
  asBytes,
  asCentiseconds,
  asFlag,
  asIp,
  asIpv4,
  asList,
  asMac,
  asMaskedBits,
  asRepeated,
  asText,
  asU16,
  asU32,
  asU64,
  asU8,
  asWhole64,
  asWord,
  inRange,
} from '../../../src/attributes/format.ts';
import { attributeList } from '../../../src/codec/reader.ts';
import { encodeAttributes } from '../../../src/codec/writer.ts';
import { isNetlinkError } from '../../../src/errors.ts';
import type { Decoded } from '../../../src/types/common.ts';

const hexPair = fc.integer({ min: 0, max: 255 }).map((byte) => byte.toString(16).padStart(2, '0'));
const ipv4 = fc.tuple(...Array.from({ length: 4 }, () => fc.nat({ max: 255 }))).map((bytes) => bytes.join('.'));
const u8 = fc.nat({ max: 0xff });
const u16 = fc.nat({ max: 0xffff });
const u32 = fc.nat({ max: 0xffff_ffff });
const bits = { low: 1, high: 0x8000_0000 } as const;

interface Sample<T> {
  readonly format: Format<T>;
  readonly values: fc.Arbitrary<T>;
}
const sample = <T>(format: Format<T>, values: fc.Arbitrary<T>): Sample<unknown> =>
  ({ format, values }) as unknown as Sample<unknown>;

const samples: Readonly<Record<string, Sample<unknown>>> = {
  asU8: sample(asU8, u8),
  asU16: sample(asU16, u16),
  asU32: sample(asU32, u32),
  asU64: sample(asU64, fc.bigInt({ min: 0n, max: (1n << 64n) - 1n })),
  asBe16: sample(asBe16, u16),
  asBe32: sample(asBe32, u32),
  asFlag: sample(asFlag, fc.constant(true)),
  asBoolean: sample(asBoolean, fc.boolean()),
  asText: sample(
    asText,
    fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0')),
  ),
  asBytes: sample(asBytes, fc.uint8Array()),
  asMac: sample(
    asMac,
    fc.tuple(...Array.from({ length: 6 }, () => hexPair)).map((pairs) => pairs.join(':')),
  ),
  asIp: sample(asIp, fc.oneof(ipv4, fc.constantFrom('fd00::1', '::', '2001:db8::7:0:1'))),
  asIpv4: sample(asIpv4, ipv4),
  asWord: sample(asWord(asBe16, { q: 0x8100, ad: 0x88a8 }), fc.constantFrom('q' as const, 'ad' as const)),
  inRange: sample(inRange(asU16, 1, 4094), fc.integer({ min: 1, max: 4094 })),
  asCentiseconds: sample(
    asCentiseconds(asU32, 1000),
    fc.nat({ max: 100 }).map((value) => value * 10),
  ),
  asWhole64: sample(asWhole64, fc.maxSafeNat()),
  asBits: sample(asBits(asU32, bits), fc.record({ low: fc.boolean(), high: fc.boolean() })),
  asMaskedBits: sample(asMaskedBits(bits), fc.record({ low: fc.boolean(), high: fc.boolean() })),
  asList: sample(asList(asU32, { firstType: 1 }), fc.array(u32)),
  asRepeated: sample(asRepeated(asText, 53), fc.array(fc.string().filter((text) => !text.includes('\0')))),
};

interface Outer {
  readonly id: number;
  readonly isOn?: boolean;
  readonly remote?: string;
  readonly inner?: { readonly name?: string };
}
const INNER = attributeSet<{ readonly name?: string }>({ name: [1, asText] });
const OUTER = attributeSet<Outer>({
  id: [1, asU32, 'required'],
  isOn: [2, asFlag],
  remote: [[3, 4], asIp],
  inner: [5, asNested(INNER, { isNested: true })],
});
const outers = fc.record(
  {
    id: u32,
    isOn: fc.constant(true),
    remote: fc.oneof(ipv4, fc.constant('fd00::7')),
    inner: fc.record({ name: fc.string().filter((text) => !text.includes('\0')) }, { requiredKeys: [] }),
  },
  { requiredKeys: ['id'] },
);

describe('formats', () => {
  for (const [name, { format, values }] of Object.entries(samples)) {
    it(`${name} accepts and reads what it writes`, () => {
      fc.assert(
        fc.property(values, (value) => {
          expect(format.check(value, 'field')).to.equal(undefined);
          expect(format.decode(format.encode(value)!)).to.deep.equal(value);
        }),
      );
    });

    it(`${name} reads any bytes, or says that they are malformed`, () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 24 }), (bytes) => {
          try {
            format.decode(bytes);
          } catch (error) {
            if (!isNetlinkError(error, 'EBADMSG')) throw error;
          }
        }),
      );
    });
  }

  it('refuse what they would not write as it was meant', () => {
    const refusals: [{ check: (value: unknown, field: string) => unknown }, unknown][] = [
      [asU8, 256],
      [asU16, -1],
      [asU32, 1.5],
      [asU64, 1],
      [asU64, 1n << 64n],
      [asFlag, 'yes'],
      [asText, 'a\0b'],
      [asBytes, [1]],
      [asMac, '02:42'],
      [asIp, '10.0.0'],
      [asIpv4, 'fd00::1'],
      [asWord(asU8, { on: 1 }), 'off'],
      [inRange(asU16, 1, 4094), 4095],
      [asCentiseconds(asU32, 1000), 15],
      [asMaskedBits(bits), 7],
      [asBits(asU8, bits), []],
      [asWhole64, 2 ** 60],
      [asList(asU32), 7],
    ];

    for (const [format, value] of refusals) expect(format.check(value, 'f'), String(value)).to.include({ field: 'f' });
  });

  it('keep a mask apart from the bits: what was not named stays as it is', () => {
    expect([...asMaskedBits(bits).encode({ high: false })!]).to.deep.equal([0, 0, 0, 0, 0, 0, 0, 0x80]);
  });
});

describe('an attribute set', () => {
  it('reads what it writes', () => {
    fc.assert(
      fc.property(outers, (value) => {
        expect(OUTER.check(value, '')).to.equal(undefined);
        expect(OUTER.decode(OUTER.encode(value))).to.deep.equal(value);
      }),
    );
  });

  it('keeps what it does not know, and values that have no name', () => {
    const WORDS = attributeSet<{ readonly mode?: 'on' }>({ mode: [1, asWord(asU8, { on: 1 })] });
    const bytes = encodeAttributes([
      [1, Uint8Array.of(2)],
      [9, Uint8Array.of(1, 2)],
    ]);

    const decoded: Decoded<{ readonly mode?: 'on' }> = WORDS.decode(bytes);

    expect(decoded).to.deep.equal({
      unknown: [
        { name: 'mode', hex: '02' },
        { name: 'attribute 9', hex: '0102' },
      ],
    });
  });

  it('takes the attribute of the family, flags what is nested, and leaves a flag out that is off', () => {
    const types = (value: Outer): number[] => {
      const bytes = OUTER.encode(value);
      const view = new DataView(bytes.buffer);
      const offsets = [...attributeList(bytes)].reduce<number[]>(
        (starts, [, payload]) => [...starts, starts.at(-1)! + ((payload.length + 7) & ~3)],
        [0],
      );
      return offsets.slice(0, -1).map((offset) => view.getUint16(offset + 2, true));
    };

    expect(types({ id: 1, isOn: false, remote: '10.0.0.1', inner: {} })).to.deep.equal([1, 3, 5 | 0x8000]);
    expect(types({ id: 1, isOn: true, remote: 'fd00::1' })).to.deep.equal([1, 2, 4]);
  });

  it('names the field at fault', () => {
    expect(OUTER.check({ id: 1, remot: '' }, '')!.reason).to.include('did you mean remote?');
    expect(asMaskedBits(bits).check({ hight: true }, 'flags')!.reason).to.include('did you mean high?');
    expect(OUTER.check({}, '')).to.include({ field: 'id' });
    expect(OUTER.check({ id: 1, inner: { name: 7 } }, '')).to.include({ field: 'inner.name' });
  });

  it('refuses a payload that its length field has no room for', () => {
    expect(() => encodeAttributes([[1, new Uint8Array(65_532)]])).to.throw(/65531 fit \(EMSGSIZE\)/);
    expect(encodeAttributes([[1, new Uint8Array(65_531)]]).length).to.equal(65_536);
  });
});
