import { readFileSync } from 'node:fs';
import { parseIp } from '@routed/addresses';
import { attributeList, MessageWriter, NFGENMSG_LENGTH } from '@routed/netns/nfnetlink';
import { expect } from 'chai';
import fc from 'fast-check';
import { keyOf, linkOfKey, nameField, serviceFields } from '../../src/codec/key.ts';
import { buildSetDump, buildSetElements, decodeSetElements, type SetReference } from '../../src/codec/set-elements.ts';

interface Captured {
  readonly command: string;
  readonly hex: string;
}

/** What `nft` 1.0.6 sent on x86_64, seen with `strace -e trace=sendmsg -e write=3`, without the borders of the batch. */
const captured = JSON.parse(
  readFileSync(new URL('../golden/nft.json', import.meta.url), 'utf8'),
) as readonly Captured[];

const NFTA_SET_ELEM_LIST_SET_ID = 4;
const HEADER = 16;
const link = nameField('vethr0a1b2c3d4e');
const ip = (text: string): Uint8Array => parseIp(text)!.bytes;
const inet = (set: string): SetReference => ({ family: 'inet', table: 'routed', set });

const built: readonly Uint8Array[][] = [
  buildSetElements('add', inet('own4'), [keyOf(link, ip('10.1.0.2'))]),
  buildSetElements('add', inet('strict'), [link]),
  buildSetElements('add', inet('service4_8'), [keyOf(link, ip('10.0.0.0'), ...serviceFields(6, 443))]),
  buildSetElements('add', inet('own6'), [keyOf(link, ip('fd00:1::7'))]),
  buildSetElements('delete', inet('own4'), [keyOf(link, ip('10.1.0.2'))]),
];

/** The attributes of a message; nft also numbers the sets of a transaction, which no set of ours needs. */
function attributesOf(message: Uint8Array): [number, string][] {
  return attributeList(message.subarray(HEADER), NFGENMSG_LENGTH)
    .filter(([type]) => type !== NFTA_SET_ELEM_LIST_SET_ID)
    .map(([type, payload]) => [type, Buffer.from(payload).toString('hex')]);
}

const messageOf = (bytes: Uint8Array): Parameters<typeof decodeSetElements>[0] => ({
  type: 0,
  flags: 0,
  sequence: 0,
  payload: bytes.subarray(HEADER),
});

describe('the messages about set elements', () => {
  captured.forEach(({ command, hex }, at) => {
    it(`say what "${command}" says`, () => {
      const expected = Uint8Array.from(Buffer.from(hex, 'hex'));
      const [message = new Uint8Array()] = built[at] ?? [];

      expect(attributesOf(message)).to.deep.equal(attributesOf(expected));
      expect([...message.subarray(4, 6)], 'type').to.deep.equal([...expected.subarray(4, 6)]);
      // NLM_F_REQUEST is for the socket to set.
      expect((message[6] ?? 0) | 1, 'flags').to.equal(expected[6]);
      expect(message[7], 'flags').to.equal(expected[7]);
      expect(message[16], 'family').to.equal(expected[16]);
    });
  });

  it('are read as they were written, whatever their number', () => {
    const keys = fc.array(fc.uint8Array({ minLength: 20, maxLength: 20 }), { minLength: 1, maxLength: 1300 });
    fc.assert(
      fc.property(keys, (list) => {
        const messages = buildSetElements('add', inet('own4'), list);

        expect(
          messages.flatMap((message) => decodeSetElements(messageOf(message)).map(({ key }) => key)),
        ).to.deep.equal(list);
      }),
      { numRuns: 20 },
    );
  });

  it('are split, since an attribute has at most 64 KiB', () => {
    const key = keyOf(link, ip('fd00::1'), ...serviceFields(6, 443));
    const messages = buildSetElements(
      'add',
      inet('service6_128'),
      Array.from({ length: 10_000 }, () => key),
    );

    expect(messages).to.have.lengthOf(20);
    expect(Math.max(...messages.map(({ length }) => length))).to.be.lessThan(65_535);
    expect(buildSetElements('add', inet('own4'), [])).to.deep.equal([]);
  });

  it('bring the counter of an element, in either attribute', () => {
    const counter = (writer: MessageWriter): void => {
      writer.attributeString(1, 'counter');
      writer.nest(2, () => {
        writer.attribute(1, Uint8Array.of(0, 0, 0, 0, 0, 0, 1, 0));
        writer.attribute(2, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 3));
      });
    };
    for (const isList of [false, true]) {
      const writer = new MessageWriter(0xa0c, 0).u8(1).u8(0).u16(0);
      writer.nest(3, () => {
        writer.nest(1, () => {
          writer.nest(1, () => writer.attribute(1, link));
          if (isList) writer.nest(11, () => writer.nest(1, () => counter(writer)));
          else writer.nest(7, () => counter(writer));
        });
      });

      expect(decodeSetElements(messageOf(writer.finish()))).to.deep.equal([
        { key: link, counter: { packets: 3n, bytes: 256n } },
      ]);
    }
  });

  it('refuse a counter that is too short instead of reading beyond it', () => {
    const writer = new MessageWriter(0xa0c, 0).u8(1).u8(0).u16(0);
    writer.nest(3, () => {
      writer.nest(1, () => {
        writer.nest(1, () => writer.attribute(1, link));
        writer.nest(7, () => {
          writer.attributeString(1, 'counter');
          writer.nest(2, () => writer.attribute(1, new Uint8Array(4)));
        });
      });
    });

    expect(() => decodeSetElements(messageOf(writer.finish())))
      .to.throw()
      .with.property('code', 'EBADMSG');
  });

  it('ask for a set by its name', () => {
    expect(attributesOf(buildSetDump(inet('own4')))).to.deep.equal([
      [1, Buffer.from('routed\0').toString('hex')],
      [2, Buffer.from('own4\0').toString('hex')],
    ]);
  });
});

describe('a key', () => {
  it('starts with the name of the link, of up to 15 bytes', () => {
    const names = fc.string({ minLength: 1, maxLength: 15, unit: fc.constantFrom('v', 'e', '0', '9', '.', '-', '_') });
    fc.assert(fc.property(names, (name) => linkOfKey(keyOf(nameField(name), ip('10.0.0.1'))) === name));
  });

  it('has its fields in registers of four bytes', () => {
    expect(keyOf(link, ip('10.0.0.1'), ...serviceFields(17, 53))).to.have.lengthOf(16 + 4 + 4 + 4);
    expect(() => keyOf(Uint8Array.of(1, 2))).to.throw(RangeError);
  });
});
