import { expect } from 'chai';
import { Phases } from '../../src/index.ts';

describe('the phases of some work', () => {
  it('have each what has passed since the one before, and all of it together', () => {
    let now = 1000;
    const phases = new Phases(() => now);
    now += 12.34;
    phases.end('records');
    now += 100;
    phases.end('comparison');
    now += 7;

    expect(phases.report()).to.deep.equal({ ms: 112.3, phases: { records: 12.3, comparison: 100 } });
  });

  it('add up where one comes again', () => {
    let now = 0;
    const phases = new Phases(() => now);
    for (const name of ['a', 'b', 'a']) {
      now += 10;
      phases.end(name);
    }

    expect(phases.report().phases).to.deep.equal({ a: 20, b: 10 });
  });
});
