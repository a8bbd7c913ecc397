import { expect } from 'chai';
import { bounded, ERROR_TEXT_LIMIT, errorText, excerpt, printable, printableJson } from '../../src/printable.ts';

const HOSTILE: readonly (readonly [string, string, string])[] = [
  ['a line feed', 'web\nPROBLEM', 'web\\nPROBLEM'],
  ['a carriage return', 'web\rdb', 'web\\rdb'],
  ['an escape sequence', '\u001b[2Jweb', '\\u001b[2Jweb'],
  ['a bell', 'web\u0007', 'web\\u0007'],
  ['DEL', 'web\u007f', 'web\\u007f'],
  ['the C1 form of an escape sequence', '\u009b2Jweb', '\\u009b2Jweb'],
  ['next line', 'web\u0085db', 'web\\u0085db'],
  ['a bidi override', 'web\u202egnp', 'web\\u202egnp'],
  ['a bidi isolate', 'web\u2066x\u2069', 'web\\u2066x\\u2069'],
  ['a line separator', 'web\u2028db\u2029', 'web\\u2028db\\u2029'],
  ['a zero-width space', 'we\u200bb', 'we\\u200bb'],
  ['an invisible tag', 'web\u{e0041}', 'web\\udb40\\udc41'],
];

describe('text for a terminal', () => {
  for (const [what, text, shown] of HOSTILE) {
    it(`has ${what} escaped`, () => {
      expect(printable(text)).to.equal(shown);
    });

    it(`has ${what} escaped in JSON, whose meaning stays`, () => {
      const json = printableJson(JSON.stringify({ name: text }));

      expect(json).to.match(/^[\x20-\x7e]+$/);
      expect(JSON.parse(json)).to.deep.equal({ name: text });
    });
  }

  it('stays as it is where it is printable', () => {
    for (const text of ['web-1', 'größer', '网络', '🐳', 'a\\nb']) expect(printable(text)).to.equal(text);
  });
});

describe('an error text', () => {
  it('keeps its start and its end when it is too long', () => {
    const text = bounded(`driver option x=${'y'.repeat(500_000)}: expected true or false`);

    expect(text).to.have.lengthOf(ERROR_TEXT_LIMIT);
    expect(text).to.match(/^driver option x=y+…y+: expected true or false$/);
  });

  it('is bounded also when all of it has to be escaped', () => {
    expect(errorText(new Error('\u001b'.repeat(500_000)))).to.have.lengthOf(ERROR_TEXT_LIMIT);
  });

  it('repeats little of what was given', () => {
    expect(excerpt('x'.repeat(500_000))).to.equal(`${'x'.repeat(100)}…`);
    expect(excerpt(7)).to.equal('7');
  });
});
