import { expect } from 'chai';
import { RouterView } from '../../src/show/router-view.ts';
import { VtyLines } from '../../src/show/router-lines.ts';
import { CONTAINER, openPair, type Wish } from '../support/pair.ts';

const PRESETS: readonly (readonly [preset: string, speaker: string, base: (host: number) => Wish])[] = [
  ['lan', 'ospfd', (host) => ({ preset: 'lan', routerId: `10.0.0.${host}` })],
  [
    'bgp-unnumbered',
    'bgpd',
    (host) => ({ preset: 'bgp-unnumbered', routerId: `10.0.0.${host}`, bgp: { asn: 65000 + host } }),
  ],
];

describe('what real routers say of an address', function () {
  this.timeout(40_000);
  for (const [preset, speaker, base] of PRESETS) {
    it(`names who announces it, and who does not: preset ${preset}`, async () => {
      await using pair = await openPair(base);
      const lines = new VtyLines([pair.own.vtyDir]);
      try {
        const view = new RouterView({ lines });
        const ours = await view.announcements(CONTAINER);
        const nobodys = await view.announcements('10.112.200.77');

        expect(ours).to.deep.include({ isKnown: true, announcedBy: [speaker] });
        expect(ours?.daemons).to.include.members(['zebra', speaker]);
        expect(ours?.neighbors).to.equal(1);
        expect(nobodys).to.deep.include({ isKnown: false, announcedBy: [], neighbors: 1 });
      } finally {
        await lines.close();
      }
    });
  }

  it('does not take the announcement of another host for its own', async () => {
    await using pair = await openPair((host) => ({ preset: 'lan', routerId: `10.0.0.${host}` }));
    const lines = new VtyLines([pair.other.vtyDir]);
    try {
      const found = await new RouterView({ lines }).announcements(CONTAINER);

      expect(found).to.deep.include({ isKnown: false, announcedBy: [], neighbors: 1 });
    } finally {
      await lines.close();
    }
  });
});
