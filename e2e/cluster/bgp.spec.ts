import { tellAnnouncing } from './stories/announcing.ts';
import { tellAnycast, tellPrimaryAndBackup } from './stories/anycast.ts';
import { tellFailures } from './stories/failures.ts';
import { tellHandover } from './stories/handover.ts';
import { tellPropagation } from './stories/propagation.ts';
import { tellTraffic } from './stories/traffic.ts';
import { tellWho } from './stories/who-and-whether.ts';
import { setCluster } from './support/cluster.ts';
import { network4 } from './support/containers.ts';

describe('three hosts on a LAN with BGP', () => {
  const stage = setCluster({
    protocol: 'bgp',
    pluginFlags: ['--gateway', '10.1.0.1', '--metrics-port', '9273', '--metrics-router'],
  });

  describe('traffic', () => tellTraffic(stage, network4));
  describe('who has an address', () => tellWho(stage, network4, / by h2 \(router 10\.112\.11\.2, AS \d+\)$/));
  describe('failures', () => tellFailures(stage, network4, 'bgpd', 9273));
  describe('an address on two hosts, one of which dies silently', () => tellAnycast(stage, network4, 2_000));
  describe('addresses that are announced while they serve', () => tellAnnouncing(stage, 500));
  describe('an address that moves between hosts', () => tellHandover(stage, { replacements: 6, how: 'option' }));
  describe('a primary and a backup', () => tellPrimaryAndBackup(stage, 2_000));
  describe('figures', () => tellPropagation(stage, 500));
});
