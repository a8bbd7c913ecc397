import { expect } from 'chai';
import { tellTraffic } from './stories/traffic.ts';
import { tellPropagation } from './stories/propagation.ts';
import { setCluster } from './support/cluster.ts';
import { converse, network4, untilReached } from './support/containers.ts';

describe('three hosts on a leaf-spine fabric with BGP unnumbered', () => {
  const stage = setCluster({ protocol: 'bgp-unnumbered', topology: 'leaf-spine', spines: 2 });

  describe('traffic', () => tellTraffic(stage, network4));

  describe('a spine that is cut off', () => {
    it('costs containers on different leaves a moment at most', async () => {
      const { cluster, h1 } = stage;
      const spine = cluster.switches.find(({ name }) => name === 'spine1')!;
      const conversation = await converse(h1, 'c1', network4.address(13));

      await Promise.all([cluster.lab.cut(spine.host, 'eth1'), cluster.lab.cut(spine.host, 'eth2')]);
      await untilReached(h1, 'c1', network4.address(13));

      // BFD needs 0.2 s, which is one ping or two; the rest is for a busy machine.
      expect(await conversation.stop(), 'lost packets').to.be.below(10);
      await Promise.all([cluster.lab.restore(spine.host, 'eth1'), cluster.lab.restore(spine.host, 'eth2')]);
      await cluster.untilConverged();
    });
  });

  describe('figures', () => tellPropagation(stage, 1_000));
});
