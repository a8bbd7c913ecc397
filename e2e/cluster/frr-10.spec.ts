import { tellFailures } from './stories/failures.ts';
import { tellLifecycle } from './stories/lifecycle.ts';
import { tellTraffic } from './stories/traffic.ts';
import { setCluster } from './support/cluster.ts';
import { network4 } from './support/containers.ts';
import { ENGINES } from '../support/engines.ts';

// Debian 13 has both of them.
for (const engine of ENGINES.filter((release) => release === '26')) {
  describe(`three hosts on a LAN with OSPF, FRR 10 and Docker ${engine}`, () => {
    const stage = setCluster({ protocol: 'ospf', router: '10', engine });

    describe('traffic', () => tellTraffic(stage, network4));
    describe('containers that come, go and move', () => tellLifecycle(stage, network4));
    describe('failures', () => tellFailures(stage, network4, 'ospfd'));
  });

  describe(`three hosts on a leaf-spine fabric with BGP unnumbered, FRR 10 and Docker ${engine}`, () => {
    const stage = setCluster({ protocol: 'bgp-unnumbered', topology: 'leaf-spine', router: '10', engine });

    describe('traffic', () => tellTraffic(stage, network4));
  });
}
