import { expect } from 'chai';
import { RouterView } from '../../src/show/router-view.ts';
import { VtyLines } from '../../src/show/router-lines.ts';
import { CONTAINER, closeSharedPairs, sharedPair } from '../support/pair.ts';

const SPEAKERS = { OSPF: 'ospfd', BGP: 'bgpd' } as const;

after(closeSharedPairs);

describe('what real routers say of an address', function () {
  this.timeout(40_000);
  for (const protocol of ['OSPF', 'BGP'] as const) {
    it(`names who announces it, and who does not: ${protocol}`, async () => {
      const pair = await sharedPair(protocol);
      const lines = new VtyLines([pair.own.vtyDir]);
      try {
        const view = new RouterView({ lines });
        const ours = await view.announcements(CONTAINER);
        const nobodys = await view.announcements('10.112.200.77');

        expect(ours).to.deep.include({ isKnown: true, announcedBy: [SPEAKERS[protocol]] });
        expect(ours?.daemons).to.include.members(['zebra', SPEAKERS[protocol]]);
        expect(ours?.neighbors).to.equal(1);
        expect(nobodys).to.deep.include({ isKnown: false, announcedBy: [], neighbors: 1 });
      } finally {
        await lines.close();
      }
    });
  }

  it('does not take the announcement of another host for its own', async () => {
    const pair = await sharedPair('OSPF');
    const lines = new VtyLines([pair.other.vtyDir]);
    try {
      const found = await new RouterView({ lines }).announcements(CONTAINER);

      expect(found).to.deep.include({ isKnown: false, announcedBy: [], neighbors: 1 });
    } finally {
      await lines.close();
    }
  });
});
