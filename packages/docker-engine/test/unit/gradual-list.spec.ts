import { expect } from 'chai';
import fc from 'fast-check';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { ElementScanner } from '../../src/element-scanner.ts';
import { readGradually } from '../../src/gradual-list.ts';

const anything = z.unknown();

/** A text in pieces of these lengths, over and over. */
function cut(text: string, lengths: readonly number[]): string[] {
  const pieces: string[] = [];
  for (let at = 0, turn = 0; at < text.length; turn++) {
    const length = lengths[turn % lengths.length] ?? text.length;
    pieces.push(text.slice(at, at + length));
    at += length;
  }
  return pieces;
}

const lengths = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 });
const json = fc.jsonValue({ maxDepth: 4, noUnicodeString: false });
/** JSON with and without blanks. */
const indent = fc.constantFrom(undefined, 1, '\t');

async function elementsOf(pieces: readonly string[]): Promise<readonly unknown[]> {
  return (await readGradually(Readable.from(pieces), { element: anything, rest: z.tuple([]) })).elements;
}

describe('a list that is read gradually', () => {
  it('has the elements that JSON.parse finds, wherever the text is cut', async () => {
    const property = fc.asyncProperty(fc.array(json), indent, lengths, async (list, space, at) => {
      const text = JSON.stringify(list, undefined, space);
      expect(await elementsOf(cut(text, at))).to.deep.equal(JSON.parse(text));
    });
    await fc.assert(property, { numRuns: 300 });
  });

  it('may be a member of an object, of which the rest is left', async () => {
    const object = fc.dictionary(
      fc.string().filter((name) => name !== 'all'),
      json,
    );
    const property = fc.asyncProperty(
      object,
      object,
      object,
      indent,
      lengths,
      async (before, all, after, space, at) => {
        const whole = { ...before, all, ...after };
        const text = JSON.stringify(whole, undefined, space);
        const expected = JSON.parse(text) as Record<string, unknown>;
        const { elements, rest } = await readGradually(Readable.from(cut(text, at)), {
          member: 'all',
          element: z.tuple([z.string(), anything]),
          rest: z.custom<Record<string, unknown>>(),
        });
        expect(rest['all']).to.deep.equal({});
        expect({ ...rest, all: Object.fromEntries(elements) }).to.deep.equal(expected);
      },
    );
    await fc.assert(property, { numRuns: 300 });
  });

  it('is refused where JSON.parse refuses the text', async () => {
    const broken = fc.tuple(fc.array(json), fc.nat(), fc.constantFrom('', ',', ']', '[', '"', '{', '}', ':', '1 '));
    const property = fc.asyncProperty(broken, lengths, async ([list, place, inserted], at) => {
      const text = JSON.stringify(list);
      const where = place % (text.length + 1);
      // Takes a character out where there is none to put in.
      const changed = text.slice(0, where) + inserted + text.slice(where + (inserted === '' ? 1 : 0));
      let expected: unknown;
      try {
        expected = JSON.parse(changed);
      } catch {
        expected = undefined;
      }
      const found = await elementsOf(cut(changed, at)).catch(() => undefined);
      expect(found).to.deep.equal(Array.isArray(expected) ? expected : undefined);
    });
    await fc.assert(property, { numRuns: 500 });
  });

  for (const text of [
    '',
    '[1,,2]',
    '[,1]',
    '[1,]',
    '[1 2]',
    '[1]]',
    '[1}',
    '{"a":1}',
    '[1] 2',
    '[1][2]',
    '["a',
    '["\\',
  ]) {
    it(`is not ${text === '' ? 'nothing' : text}`, async () => {
      expect(await elementsOf([text]).catch(() => 'refused')).to.equal('refused');
    });
  }

  for (const text of ['{"all":{,"b":2}}', '{"all":{"b":2,}}', '{"all":{"b":2}', '{"all":{"b"}}']) {
    it(`is not in ${text}`, async () => {
      const shape = { member: 'all', element: anything, rest: anything };
      expect(await readGradually(Readable.from([text]), shape).catch(() => 'refused')).to.equal('refused');
    });
  }

  it('is refused at the first element of another shape', async () => {
    const shape = { element: z.number(), rest: z.tuple([]) };
    const error: unknown = await readGradually(Readable.from(['[1,"2"]']), shape).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(z.ZodError);
  });

  it('lets others have their turn', async () => {
    const list = Array.from({ length: 20_000 }, (_, at) => ({ id: `${at}`.repeat(20), names: [`/web${at}`] }));
    let turns = 0;
    let isOver = false;
    const count = (): void => {
      turns++;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);

    const found = await elementsOf([JSON.stringify(list)]);
    isOver = true;

    expect(found).to.have.lengthOf(20_000);
    // At once it takes more than ten milliseconds on any machine, and each turn takes half of one.
    expect(turns).to.be.greaterThan(8);
  });
});

describe('ElementScanner', () => {
  it('gives each element as soon as its end has come', () => {
    const scanner = new ElementScanner();

    const given = ['[{"a":"]', ',"},2', ',3 ', ']'].map((piece) => scanner.push(piece));

    expect(given).to.deep.equal([[], ['{"a":"],"}'], ['2'], ['3 ']]);
    expect(scanner.rest).to.equal('[]');
  });
});
