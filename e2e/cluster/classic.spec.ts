import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PlannedNode, RouterConfig } from '@routed/lab';
import { tellTraffic } from './stories/traffic.ts';
import { setCluster } from './support/cluster.ts';
import { network4 } from './support/containers.ts';

const file = join(import.meta.dirname, '../../packages/quagga/test/fixtures/classic-ospfd.conf');

/** On the first host the file as it is; it is one host's, so the others have a router id of their own in it. */
function configure({ name, routerId }: PlannedNode): RouterConfig {
  const asItIs = readFileSync(file, 'utf8');
  const text = name === 'h1' ? asItIs : asItIs.replace('router-id 10.112.11.6', `router-id ${routerId}`);
  return { files: [{ name: 'ospfd.conf', text }], daemons: ['ospfd'] };
}

describe('three hosts with the classic ospfd.conf, written by hand', () => {
  // Its timers are those of 1998: 40 s until the routers speak to each other.
  const stage = setCluster({ configure });

  describe('traffic', () => tellTraffic(stage, network4, { isFiltered: false, deadlineMs: 60_000 }));
});
