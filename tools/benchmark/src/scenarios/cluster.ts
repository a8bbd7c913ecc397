import { openCluster, type Cluster, type ClusterOptions } from '@routed/lab';
import { atNormalPriority } from '../process/normal-priority.ts';
import { bulkOutcome } from './cluster-bulk.ts';
import { failoverOutcome } from './cluster-failover.ts';
import { routeOutcome } from './cluster-route.ts';
import type { Outcome, Scenario, Setting } from './scenario.ts';

/** Three hosts with Docker, plugin and FRR: how fast the routers tell each other of containers, and of a death. */
export const clusterScenarios: readonly Scenario[] = [
  {
    name: 'cluster-ospf',
    title: 'between hosts, OSPF',
    run: async (setting) =>
      combine([
        await onCluster({ topology: 'leaf-spine', protocol: 'ospf' }, setting, routeOutcome('ospf')),
        await atNormalPriority(() => onCluster({ topology: 'lan', protocol: 'ospf' }, setting, bulkOutcome('ospf'))),
      ]),
  },
  {
    name: 'cluster-bgp',
    title: 'between hosts, BGP',
    run: async (setting) =>
      combine([
        await onCluster({ topology: 'leaf-spine', protocol: 'bgp-unnumbered' }, setting, routeOutcome('bgp')),
        await atNormalPriority(() => onCluster({ topology: 'lan', protocol: 'bgp' }, setting, bulkOutcome('bgp'))),
        await atNormalPriority(() => onCluster({ topology: 'lan', protocol: 'bgp' }, setting, failoverOutcome)),
      ]),
  },
];

type Measure = (cluster: Cluster, setting: Setting) => Promise<Outcome>;

async function onCluster(options: ClusterOptions, setting: Setting, measure: Measure): Promise<Outcome> {
  setting.log(`three hosts, ${options.topology ?? ''} with ${options.protocol ?? ''}`);
  await using cluster = await openCluster(options);
  return await measure(cluster, setting);
}

function combine(outcomes: readonly Outcome[]): Outcome {
  return {
    measurements: outcomes.flatMap(({ measurements }) => measurements ?? []),
    figures: outcomes.flatMap(({ figures }) => figures ?? []),
    goals: outcomes.flatMap(({ goals }) => goals ?? []),
  };
}
