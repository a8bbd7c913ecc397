import { tellAnnouncing } from './stories/announcing.ts';
import { tellPrimaryAndBackup } from './stories/anycast.ts';
import { tellBlocks } from './stories/blocks.ts';
import { tellFailures } from './stories/failures.ts';
import { tellFirewall } from './stories/firewall.ts';
import { tellHandover } from './stories/handover.ts';
import { tellLifecycle } from './stories/lifecycle.ts';
import { tellBulk, tellPropagation } from './stories/propagation.ts';
import { tellSelftest } from './stories/selftest.ts';
import { tellTraffic } from './stories/traffic.ts';
import { tellWhether, tellWho } from './stories/who-and-whether.ts';
import { setCluster } from './support/cluster.ts';
import { network4 } from './support/containers.ts';

describe('three hosts on a LAN with OSPF', () => {
  // The gateway of all hosts is inside the container prefix: it must not be announced, either.
  const stage = setCluster({
    protocol: 'ospf',
    pluginFlags: ['--gateway', '10.1.0.1', '--metrics-port', '9273', '--metrics-router'],
  });

  describe('traffic', () => tellTraffic(stage, network4));
  describe('who has an address', () => tellWho(stage, network4, / by router 10\.112\.11\.2$/));
  describe('whether an address answers', () => tellWhether(stage, network4));
  describe('a selftest', () => tellSelftest(stage, network4));
  describe('containers that come, go and move', () => tellLifecycle(stage, network4));
  describe("Docker's firewall", () => tellFirewall(stage, network4));
  describe('failures', () => tellFailures(stage, network4, 'ospfd', 9273));
  describe('blocks of addresses', () => tellBlocks(stage));
  describe('addresses that are announced while they serve', () => tellAnnouncing(stage, 100));
  describe('an address that moves between hosts', () => tellHandover(stage, { replacements: 14, how: 'command' }));
  // ospfd does not announce the metric of the kernel's route: what quagga-config renders of export.attributes.
  describe('a primary and a backup', () =>
    tellPrimaryAndBackup(stage, 1_000, ({ router }, subnet, metric) =>
      router.vtysh(
        'configure terminal',
        `ip prefix-list ATTRIBUTES-1 seq 5 permit ${subnet} ge 32`,
        'route-map EXPORT permit 5',
        'match ip address prefix-list ATTRIBUTES-1',
        `set metric ${metric}`,
      ),
    ));
  describe('figures', () => {
    tellPropagation(stage, 100);
    tellBulk(stage, 3_000);
  });
});
