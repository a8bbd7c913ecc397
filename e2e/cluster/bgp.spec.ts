import { tellAnnouncing } from './stories/announcing.ts';
import { tellAnycast } from './stories/anycast.ts';
import { tellFailures } from './stories/failures.ts';
import { tellPropagation } from './stories/propagation.ts';
import { tellTraffic } from './stories/traffic.ts';
import { setCluster } from './support/cluster.ts';
import { network4 } from './support/containers.ts';

describe('three hosts on a LAN with BGP', () => {
  const stage = setCluster({ protocol: 'bgp', pluginFlags: ['--gateway', '10.1.0.1'] });

  describe('traffic', () => tellTraffic(stage, network4));
  describe('failures', () => tellFailures(stage, network4, 'bgpd'));
  describe('an address on two hosts, one of which dies silently', () => tellAnycast(stage, network4, 2_000));
  describe('addresses that are announced while they serve', () => tellAnnouncing(stage, 500));
  describe('figures', () => tellPropagation(stage, 500));
});
