import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import fc from 'fast-check';
import { gradualJson } from '../../src/admin/gradual-json.ts';

describe('JSON that is written gradually', () => {
  it('is what JSON.stringify makes', async () => {
    const record = { lists: [], absent: undefined, more: [1, undefined, { a: ['"'] }], plain: { b: null }, text: 'x' };

    expect(await text(gradualJson(record))).to.equal(JSON.stringify(record));
    expect(await text(gradualJson({}))).to.equal('{}');
  });

  it('is so for whatever is in it', async () => {
    const anything = fc.dictionary(fc.string(), fc.oneof(fc.jsonValue(), fc.array(fc.jsonValue())));
    await fc.assert(
      fc.asyncProperty(anything, async (record) => {
        expect(JSON.parse(await text(gradualJson(record)))).to.deep.equal(JSON.parse(JSON.stringify(record)));
      }),
    );
  });

  it('lets others in between, however long a list is', async () => {
    const endpoints = Array.from({ length: 10_000 }, (_, index) => ({
      id: `${index}`.repeat(40),
      addresses: ['10.1.0.2'],
    }));
    let turns = 0;
    let isOver = false;
    const turn = (): void => {
      turns++;
      if (!isOver) setImmediate(turn);
    };
    setImmediate(turn);

    const written = await text(gradualJson({ endpoints }));
    isOver = true;

    expect(written).to.have.length.above(1_000_000);
    expect(turns).to.be.greaterThan(3);
  });
});
