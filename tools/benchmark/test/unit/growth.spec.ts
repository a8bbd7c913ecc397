import { expect } from 'chai';
import type { RestPoint } from '../../src/soak/rest-point.ts';
import { findGrowth } from '../../src/soak/growth.ts';

const rest: RestPoint = {
  descriptors: 33,
  links: 0,
  routes: 0,
  neighbours: 0,
  freeAddresses: 1022,
  heapMb: 20,
  residentMb: 120,
  stateMb: 1,
};

/** Nine points at rest, each with what `change` says of its number. */
function points(change: (number: number) => Partial<RestPoint>): RestPoint[] {
  return Array.from({ length: 9 }, (_, number) => ({ ...rest, ...change(number) }));
}

describe('findGrowth', () => {
  it('finds nothing where everything goes up and down', () => {
    const found = findGrowth(
      points((number) => ({ residentMb: 105 + 15 * (number % 3), descriptors: 32 + (number % 2) })),
    );

    expect(found).to.deep.equal([]);
  });

  it('finds a link that is left once', () => {
    const found = findGrowth(points((number) => ({ links: number === 4 ? 1 : 0 })));

    expect(found).to.deep.equal(['links: 0 at first, then 1']);
  });

  it('finds a lease that was lost', () => {
    const found = findGrowth(points((number) => ({ freeAddresses: number < 8 ? 1022 : 1021 })));

    expect(found).to.deep.equal(['freeAddresses: 1022 at first, then 1021']);
  });

  it('finds a heap that grows steadily', () => {
    const found = findGrowth(points((number) => ({ heapMb: 20 + number * 0.5 })));

    expect(found).to.deep.equal(['heapMb: from 22.5 to 23.5']);
  });

  it('lets the heap settle at first', () => {
    expect(findGrowth(points((number) => ({ heapMb: Math.min(17 + number, 20) })))).to.deep.equal([]);
  });

  it('finds file descriptors that are not closed', () => {
    const found = findGrowth(points((number) => ({ descriptors: 33 + number * 2 })));

    expect(found).to.deep.equal(['descriptors: from 43.0 to 47.0']);
  });

  it('is not content with nothing', () => {
    expect(findGrowth([])).to.deep.equal(['nothing was measured']);
  });
});
