import { tellTraffic } from './stories/traffic.ts';
import { setCluster } from './support/cluster.ts';
import { network6 } from './support/containers.ts';

describe('three hosts on a LAN with OSPFv3', () => {
  const stage = setCluster({ protocol: 'ospfv3' });

  describe('traffic', () => tellTraffic(stage, network6));
});
