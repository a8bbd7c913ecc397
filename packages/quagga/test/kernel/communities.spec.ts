import { expect } from 'chai';
import { openPair } from '../support/pair.ts';

const host = (last: number): string => `10.112.${last}.1/32`;
/** What the first router marks, and which of it the second one takes. */
const base = (index: number) => ({
  preset: 'bgp-numbered',
  routerId: `10.0.0.${index}`,
  bgp: {
    asn: 65000 + index,
    neighbors: [{ address: `10.0.0.${3 - index}`, remoteAs: 65003 - index }],
    ...(index === 1 ? {} : { peerGroups: { FABRIC: { ipv4: { routeMapIn: 'FROM-OTHER' } } } }),
  },
  ...(index === 1
    ? {
        export: {
          attributes: [
            { match: { prefixes: [host(201)] }, set: { community: ['65001:9', '65001:10'] } },
            { match: { prefixes: [host(202)] }, set: { largeCommunity: ['65001:9:9'] } },
            { match: { prefixes: [host(203)] }, set: { community: ['65001:9'] } },
          ],
        },
      }
    : {
        routeMaps: {
          'FROM-OTHER': {
            family: 'ipv4',
            entries: [
              { action: 'deny', match: { community: ['65001:10', '65001:9'] } },
              { action: 'deny', match: { largeCommunity: ['65001:9:9'] } },
              { action: 'permit' },
            ],
          },
        },
      }),
});

const ALL = process.env.ROUTED_ATTACK === 'all';

if (ALL)
  describe('routes that a map of one’s own matches by community', function () {
    this.timeout(60_000);

    it('are those that have all of the communities, and no other', async () => {
      await using pair = await openPair(base, ['zebra', 'bgpd', 'bfdd']);
      for (const last of [201, 202, 203, 204])
        await pair.own.ip('route', 'add', host(last), 'dev', 'containers', 'proto', '200');
      // The last of them, without a community, comes in the same update or later.
      await pair.watch.until(/^10\.112\.204\.1 /, 20_000);

      const learnt = (await pair.other.readKernel(['route', 'show', 'proto', 'bgp'])) as { dst: string }[];

      expect(learnt.map(({ dst }) => dst).sort()).to.deep.equal(['10.112.200.1', '10.112.203.1', '10.112.204.1']);
    });
  });
