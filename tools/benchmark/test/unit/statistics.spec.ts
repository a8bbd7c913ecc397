import { expect } from 'chai';
import { compare, compareGrowth, spread } from '../../src/statistics.ts';

describe('compare', () => {
  it('compares medians round by round, so that a disturbed round disturbs both sides', () => {
    const samples = [[2, 4, 100], [40], [6]];
    const reference = [[2], [20], [2]];

    expect(compare(samples, reference)).to.deep.equal({ median: 2, min: 2, max: 3 });
  });
});

describe('compareGrowth', () => {
  it('is 1 for what grows as the reference does', () => {
    const samples = { before: [[10], [20]], after: [[15], [30]] };
    const reference = { before: [[1], [2]], after: [[1.5], [3]] };

    expect(compareGrowth(samples, reference).median).to.equal(1);
  });

  it('tells how much more the samples grew', () => {
    const samples = { before: [[10]], after: [[30]] };
    const reference = { before: [[1]], after: [[2]] };

    expect(compareGrowth(samples, reference).median).to.equal(1.5);
  });
});

describe('spread', () => {
  it('is the median and the extremes', () => {
    expect(spread([3, 1, 2])).to.deep.equal({ value: 2, min: 1, max: 3 });
  });
});
