import { expect } from 'chai';
import { grownModules } from '../../src/ci/modules.ts';

describe('what the modules of the program cost', () => {
  const recorded = { zod: 300_000, ms: 1600 };

  it('names what has grown by more than a tenth', () => {
    expect(grownModules({ zod: 331_000, ms: 1600 }, recorded)).to.deep.equal(['zod']);
    expect(grownModules({ zod: 329_000, ms: 1600 }, recorded)).to.deep.equal([]);
  });

  it('names what is new, unless it is small', () => {
    expect(grownModules({ ...recorded, 'mime-db': 400_000, once: 700 }, recorded)).to.deep.equal(['mime-db']);
  });

  it('passes over what is small or gone', () => {
    expect(grownModules({ ms: 3200 }, recorded)).to.deep.equal([]);
  });
});
