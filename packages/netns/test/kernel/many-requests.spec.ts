import { expect } from 'chai';

import type { Netns } from '../../src/index.ts';
import { openNfnetlink } from '../../src/nfnetlink.ts';
import { anonymousNetns } from '../../src/testing/index.ts';

/** How many calls the FFI takes at once in one process. */
const FFI_LIMIT = 256;

describe('more requests at once than the FFI takes', () => {
  let netns: Netns;

  beforeEach(async () => {
    netns = await anonymousNetns();
  });

  afterEach(() => netns.close());

  it('wait their turn, on one connection with 400 lanes', async () => {
    await using rtnl = await netns.openRtnl({ lanes: 400 });

    const lists = await Promise.allSettled(Array.from({ length: 400 }, () => rtnl.links.list()));

    expect(lists.filter(({ status }) => status === 'rejected')).to.deep.equal([]);
    expect(lists).to.have.lengthOf.above(FFI_LIMIT);
  });

  it('wait their turn, on 300 connections of two kinds', async () => {
    const connections = await Promise.all(Array.from({ length: 300 }, () => netns.openRtnl({ lanes: 1 })));
    await using netfilter = await openNfnetlink({ netns });

    const done = connections.map(({ addresses }, i) =>
      addresses.add({ linkIndex: 1, address: `10.0.${i >> 8}.${i & 255}/32` }),
    );
    const outcomes = await Promise.allSettled([
      ...done,
      netfilter.transaction(10, [], { operation: 'a', subject: 'b' }),
    ]);
    await Promise.all(connections.map((rtnl) => rtnl.close()));

    expect(outcomes.filter(({ status }) => status === 'rejected')).to.deep.equal([]);
  });
});
