import { ENGINES } from '../support/engines.ts';
import { blocks4, blocksOfBoth, tellBlocks } from './stories/blocks.ts';
import { setCluster } from './support/cluster.ts';

/** The full run tells the story with OSPF, see `ospf.spec.ts`. */
const ALL = process.env['ROUTED_ATTACK'] === 'all';

if (ALL) {
  describe('blocks of addresses on a LAN with BGP', () => {
    const stage = setCluster({ protocol: 'bgp' });

    describe('the story', () => tellBlocks(stage, blocks4));
  });

  describe('blocks of addresses of both families on a LAN with OSPF and OSPFv3', () => {
    const { containers } = blocksOfBoth;
    const stage = setCluster({ protocol: 'ospfv3', containers });

    describe('the story', () => tellBlocks(stage, blocksOfBoth));
  });

  // Debian 13 has both of them.
  for (const engine of ENGINES.filter((release) => release === '26')) {
    describe(`blocks of addresses on a LAN with OSPF, FRR 10 and Docker ${engine}`, () => {
      const stage = setCluster({ protocol: 'ospf', router: '10', engine });

      describe('the story', () => tellBlocks(stage, blocks4));
    });

    describe(`blocks of addresses of both families on a LAN with OSPF and OSPFv3, FRR 10 and Docker ${engine}`, () => {
      const { containers } = blocksOfBoth;
      const stage = setCluster({ protocol: 'ospfv3', containers, router: '10', engine });

      describe('the story', () => tellBlocks(stage, blocksOfBoth));
    });

    describe(`blocks of addresses on a leaf-spine fabric with BGP unnumbered, FRR 10 and Docker ${engine}`, () => {
      const stage = setCluster({ protocol: 'bgp-unnumbered', topology: 'leaf-spine', router: '10', engine });

      describe('the story', () => tellBlocks(stage, blocks4));
    });
  }
}
