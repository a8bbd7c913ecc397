import { tellHandoverCrashes } from './stories/handover-crash.ts';
import { tellHandoverOutages } from './stories/handover-outages.ts';
import { setCluster } from './support/cluster.ts';

describe('three hosts on a LAN with OSPF, of which one loses a program while an address moves', () => {
  const stage = setCluster({
    protocol: 'ospf',
    pluginFlags: ['--gateway', '10.1.0.1'],
    engineFlags: ['--live-restore'],
  });

  describe('dockerd or its router', () => tellHandoverOutages(stage));
  describe('its plugin', () => tellHandoverCrashes(stage));
});
