import { expect } from 'chai';
import type { RouterDaemon } from '@routed/lab';
import { converse, runContainer, untilReached, type ClusterNetwork, type Conversation } from '../support/containers.ts';
import type { ClusterStage } from '../support/cluster.ts';
import { untilForgotten, untilLearnt } from '../support/routes.ts';
import { watchSessions } from '../support/session-metrics.ts';

/**
 * Things that break on the first host. Meanwhile `c2` and `c3`, on the others, talk. With `metricsPort` the second host
 * also shows it in its metrics.
 */
export function tellFailures(
  stage: ClusterStage,
  network: ClusterNetwork,
  daemon: RouterDaemon,
  metricsPort?: number,
): void {
  const a = network.address(11);
  let others: Conversation;

  beforeEach(async () => {
    others = await converse(stage.h2, 'c2', network.address(13));
  });

  afterEach(async () => {
    expect(await others.stop(), 'lost packets between other hosts').to.equal(0);
  });

  it('drops the routes of a host that is cut off, and takes them back', async () => {
    const { cluster, h1, h2, h3 } = stage;
    const metrics = metricsPort && (await watchSessions(h2, metricsPort, daemon.replace(/d$/, '')));

    await cluster.lab.cut(h1.host);
    await Promise.all([untilForgotten(h2.host, a), untilForgotten(h3.host, a)]);
    if (metrics) await metrics.untilDown(1);
    await cluster.lab.restore(h1.host);

    await Promise.all([untilLearnt(h2.host, a, 20_000), untilLearnt(h3.host, a, 20_000)]);
    await untilReached(h3, 'c3', a);
    await untilReached(h1, 'c1', network.address(13));
    if (metrics) await metrics.untilUp(1);
  });

  it(`goes on where it was when a killed ${daemon} is back`, async () => {
    const { h1, h2, h3 } = stage;

    await h1.router.stop('SIGKILL', daemon);
    await untilForgotten(h3.host, a);
    await runContainer(h1, 'meanwhile', network, 41);
    await h1.router.start(daemon);

    for (const { host } of [h2, h3]) {
      await untilLearnt(host, a, 20_000);
      await untilLearnt(host, network.address(41));
    }
    await untilReached(h3, 'c3', a);
    await h1.host.docker('rm', '--force', 'meanwhile');
  });

  it('goes on where it was when zebra was killed and the router started again', async () => {
    const { h1, h2, h3 } = stage;

    await h1.router.stop('SIGKILL', 'zebra');
    await runContainer(h1, 'meanwhile', network, 42);
    // Containers of this host go on as well: what zebra put into the kernel is still there.
    await untilReached(h1, 'c1', network.address(13));
    // zebra alone would leave the others without what it knows: Debian's watchfrr restarts all of them, too.
    await h1.router.stop('SIGTERM');
    await h1.router.start();

    for (const { host } of [h2, h3]) {
      await untilLearnt(host, network.address(42), 20_000);
      await untilLearnt(host, a);
    }
    await untilReached(h3, 'c3', a);
    await h1.host.docker('rm', '--force', 'meanwhile');
  });
}
