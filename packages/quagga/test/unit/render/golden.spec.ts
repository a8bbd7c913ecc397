import { expect } from 'chai';
import { goldenNames, readGolden, renderGolden, updateGolden } from '../../support/golden.ts';

describe('golden files', () => {
  it('cover at least 25 models', () => {
    expect(goldenNames().length).to.be.at.least(25);
  });

  for (const name of goldenNames()) {
    for (const dialect of ['frr', 'quagga'] as const) {
      it(`${name} renders for ${dialect} as recorded`, () => {
        if (process.env.UPDATE_GOLDEN === '1') updateGolden(name, dialect);

        const rendered = renderGolden(name, dialect);

        expect(Object.fromEntries(rendered)).to.deep.equal(Object.fromEntries(readGolden(name, dialect)));
      });
    }
  }
});
