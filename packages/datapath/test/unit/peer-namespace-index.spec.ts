import { expect } from 'chai';
import fc from 'fast-check';
import { PeerNamespaceIndex } from '../../src/sandbox/peer-namespace-index.ts';

describe('LinkCensus', () => {
  it('knows which links lead into the same namespace', () => {
    const census = new PeerNamespaceIndex();
    census.note(10, 1);
    census.note(11, 2);
    census.note(12, 1);

    expect([...census.siblingsOf(10)]).to.deep.equal([10, 12]);
    expect([...census.siblingsOf(11)]).to.deep.equal([11]);
    expect([...census.siblingsOf(99)]).to.deep.equal([]);
  });

  it('says whether it is told anything new', () => {
    const census = new PeerNamespaceIndex();

    expect([census.note(10, 1), census.note(10, 1), census.note(10, 2), census.note(10, 1)]).to.deep.equal([
      true,
      false,
      true,
      true,
    ]);
  });

  it('forgets, also what it never knew', () => {
    const census = new PeerNamespaceIndex();
    census.note(10, 1);
    census.note(11, 1);

    for (const index of [10, 10, 99]) census.forget(index);

    expect([...census.siblingsOf(11)]).to.deep.equal([11]);
    expect(census.note(10, 1)).to.equal(true);
  });

  it('agrees with a plain list, whatever happens', () => {
    const step = fc.record({ index: fc.nat(5), netnsId: fc.option(fc.nat(3), { nil: undefined }) });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const census = new PeerNamespaceIndex();
        const list = new Map<number, number>();
        for (const { index, netnsId } of steps) {
          if (netnsId === undefined) {
            census.forget(index);
            list.delete(index);
          } else {
            expect(census.note(index, netnsId)).to.equal(list.get(index) !== netnsId);
            list.set(index, netnsId);
          }
        }
        for (let index = 0; index <= 5; index++) {
          const same = [...list].filter(([, netnsId]) => netnsId === list.get(index)).map(([other]) => other);
          expect([...census.siblingsOf(index)]).to.have.members(same);
        }
      }),
    );
  });
});
