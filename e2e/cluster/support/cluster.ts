import { openCluster, type Cluster, type ClusterHost, type ClusterOptions } from '@routed/lab';
import { expectNoContainers } from '../../support/kernel.ts';
import { expectNoTraces, marksOf } from '../../support/traces.ts';

/** The hosts on which the stories of a `describe` are told. */
export interface ClusterStage {
  readonly cluster: Cluster;
  readonly h1: ClusterHost;
  readonly h2: ClusterHost;
  readonly h3: ClusterHost;
}

/**
 * Gives the surrounding `describe` three hosts with engine, plugin and routers, and takes them away afterwards: first
 * the containers and networks, to see that the plugin leaves nothing, then the lab. With `ROUTED_E2E_KEEP=1` they stay
 * instead.
 */
export function setCluster(options: ClusterOptions): ClusterStage {
  const isKept = process.env['ROUTED_E2E_KEEP'] === '1';
  let opened: Cluster | undefined;
  const cluster = (): Cluster => {
    if (opened === undefined) throw new Error('the cluster is there only while tests run');
    return opened;
  };
  const host = (index: number): ClusterHost => {
    const found = cluster().hosts[index];
    if (found === undefined) throw new Error(`the cluster has no host number ${index + 1}`);
    return found;
  };

  before(async function () {
    this.timeout(300_000);
    opened = await openCluster({ ...options, lab: { isStanding: isKept, log: console.log } });
  });

  after(async () => {
    if (opened === undefined) return;
    if (isKept) {
      const { name } = opened.lab;
      console.log(`      kept: tools/lab/lab exec --lab ${name} h1 -- vtysh; later: tools/lab/lab down ${name}`);
      return;
    }
    const marks = marksOf(opened.lab);
    try {
      await Promise.all(opened.hosts.map((host) => clearAway(host, options.engine !== 'none')));
    } finally {
      await opened.close();
    }
    expectNoTraces(marks);
  });

  return {
    get cluster() {
      return cluster();
    },
    get h1() {
      return host(0);
    },
    get h2() {
      return host(1);
    },
    get h3() {
      return host(2);
    },
  };
}

async function clearAway({ host }: ClusterHost, hasEngine: boolean): Promise<void> {
  if (hasEngine) {
    const containers = await host.docker('ps', '--all', '--quiet');
    if (containers !== '') await host.docker('rm', '--force', ...containers.split('\n'));
    await host.docker('network', 'prune', '--force');
  }
  await expectNoContainers(host);
}
