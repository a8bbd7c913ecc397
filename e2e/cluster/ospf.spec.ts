import { tellAnnouncing } from './stories/announcing.ts';
import { tellFailures } from './stories/failures.ts';
import { tellFirewall } from './stories/firewall.ts';
import { tellLifecycle } from './stories/lifecycle.ts';
import { tellBulk, tellPropagation } from './stories/propagation.ts';
import { tellTraffic } from './stories/traffic.ts';
import { setCluster } from './support/cluster.ts';
import { network4 } from './support/containers.ts';

describe('three hosts on a LAN with OSPF', () => {
  // The gateway of all hosts is inside the container prefix: it must not be announced, either.
  const stage = setCluster({ protocol: 'ospf', pluginFlags: ['--gateway', '10.1.0.1'] });

  describe('traffic', () => tellTraffic(stage, network4));
  describe('containers that come, go and move', () => tellLifecycle(stage, network4));
  describe("Docker's firewall", () => tellFirewall(stage, network4));
  describe('failures', () => tellFailures(stage, network4, 'ospfd'));
  describe('addresses that are announced while they serve', () => tellAnnouncing(stage, 100));
  describe('figures', () => {
    tellPropagation(stage, 100);
    tellBulk(stage, 3_000);
  });
});
