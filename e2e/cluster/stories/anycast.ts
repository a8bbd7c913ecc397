import { expect } from 'chai';
import { watchAnswers, type ClusterHost } from '@routed/lab';
import { eventually } from '../../support/eventually.ts';
import { inspect } from '../../support/containers.ts';
import { runContainer, untilReached, type ClusterNetwork } from '../support/containers.ts';
import type { ClusterStage } from '../support/cluster.ts';
import { learntRoutes, untilForgotten } from '../support/routes.ts';

/** One address on two hosts, and the silent death of the one that has the traffic. */
export function tellAnycast(stage: ClusterStage, network: ClusterNetwork, limitMs: number): void {
  const anycast = network.address(50);

  before(async () => {
    const { cluster, h1, h2, h3 } = stage;
    await runContainer(h1, 'anycast', network, 50);
    // The plugin refuses an address that another host announces: this one must not know of it yet.
    await cluster.lab.cut(h2.host);
    await untilForgotten(h2.host, anycast);
    await runContainer(h2, 'anycast', network, 50);
    await cluster.lab.restore(h2.host);
    await untilTwoWays(h3, anycast);
    await untilReached(h3, 'c3', anycast);
  });

  after(async () => {
    const { h1, h2, h3 } = stage;
    await Promise.all([h1, h2].map(({ host }) => host.docker('rm', '--force', 'anycast')));
    await untilForgotten(h3.host, anycast);
  });

  it(`moves the traffic to the other host within ${limitMs} ms`, async () => {
    const { cluster, h1, h2, h3 } = stage;
    const gaps: number[] = [];
    const pid = await inspect(h3.host, 'c3', '{{.State.Pid}}');

    // The traffic of one pair of addresses has one way: only the death of that host is felt.
    for (const dead of [h1, h2]) {
      const traffic = await watchAnswers(h3.host, anycast, pid);
      await cluster.lab.cut(dead.host);
      await eventually(async () => {
        const gateways = (await learntRoutes(h3.host))
          .filter(({ dst }) => dst === anycast)
          .map(({ gateway }) => gateway);
        expect(gateways).to.have.lengthOf(1).and.not.to.include(undefined);
      }, 10_000);
      gaps.push(await traffic.stop());
      await cluster.lab.restore(dead.host);
      await cluster.untilConverged();
      await untilTwoWays(h3, anycast);
    }

    console.log(`      the longest silence was ${Math.max(...gaps).toFixed(0)} ms`);
    expect(Math.max(...gaps)).to.be.below(limitMs);
  });
}

async function untilTwoWays({ host }: ClusterHost, address: string): Promise<void> {
  await eventually(async () => {
    const route = (await learntRoutes(host)).find(({ dst }) => dst === address);
    expect(route?.nexthops, 'next hops').to.have.lengthOf(2);
  }, 20_000);
}
