import { expect } from 'chai';
import { closest, didYouMean } from '../../src/closest.ts';

describe('closest', () => {
  const names = ['status', 'serve', 'events', 'why', 'web', 'ROUTED_GATEWAY', 'ROUTED_MTU'];

  for (const [word, meant] of [
    ['statsu', 'status'],
    ['wbe', 'web'],
    ['event', 'events'],
    ['STATUS', 'status'],
    ['ROUTED_GATWAY', 'ROUTED_GATEWAY'],
    ['ROUTED_MUT', 'ROUTED_MTU'],
    ['xyz', undefined],
    ['ROUTED_E2E_ENGINES', undefined],
    ['', undefined],
  ] as const) {
    it(`of ${JSON.stringify(word)} is ${meant ?? 'none'}`, () => {
      expect(closest(word, names)).to.equal(meant);
    });
  }

  it('asks back', () => {
    expect(didYouMean('statsu', names)).to.equal('; did you mean "status"?');
    expect(didYouMean('xyz', names)).to.equal('');
  });
});
