import { expect } from 'chai';
import { runContainer, sourceSeenBy, untilReached, type ClusterNetwork } from '../support/containers.ts';
import type { ClusterStage } from '../support/cluster.ts';
import { learntDestinations, untilForgotten, untilLearnt } from '../support/routes.ts';

/** How soon other hosts follow what happens to a container. A busy machine has to keep to it, too. */
export const FOLLOW_MS = 2_000;

/** Containers come, go and move. Told after the traffic of `c1`, `c2` and `c3`. */
export function tellLifecycle(stage: ClusterStage, network: ClusterNetwork): void {
  it('makes a new container reachable from another host', async () => {
    await runContainer(stage.h1, 'new', network, 21);

    await untilReached(stage.h2, 'c2', network.address(21), FOLLOW_MS);
    await untilReached(stage.h3, 'c3', network.address(21), FOLLOW_MS);
  });

  it('takes a removed container out of the kernels of the other hosts', async () => {
    await stage.h1.host.docker('rm', '--force', 'new');

    await untilForgotten(stage.h2.host, network.address(21), FOLLOW_MS);
    await untilForgotten(stage.h3.host, network.address(21), FOLLOW_MS);
  });

  it('follows an address that moves to another host', async () => {
    const { h1, h2, h3 } = stage;
    const address = network.address(22);
    await runContainer(h1, 'moving', network, 22, 'web');
    const before = await untilLearnt(h3.host, address, FOLLOW_MS);
    expect(await sourceSeenBy(h3, 'c3', address)).to.equal(network.address(13));

    await h1.host.docker('rm', '--force', 'moving');
    await runContainer(h2, 'moving', network, 22, 'web');

    await untilReached(h3, 'c3', address, FOLLOW_MS);
    expect(await sourceSeenBy(h3, 'c3', address)).to.equal(network.address(13));
    const after = await untilLearnt(h3.host, address);
    expect(after.gateway).to.equal('10.112.11.2').and.not.to.equal(before.gateway);
    await untilReached(h1, 'c1', address, FOLLOW_MS);
    await h2.host.docker('rm', '--force', 'moving');
  });

  it('leaves no route behind when containers come and go at once', async () => {
    const { h1, h2, h3 } = stage;
    const numbers = [31, 32, 33, 34];
    for (const number of numbers) {
      const ip = network.address(number);
      await h1.host.docker('run', '--rm', '--network', 'n', '--ip', ip, 'alpine', 'true');
    }
    await untilForgotten(h3.host, network.address(34), FOLLOW_MS);
    for (const { host } of [h2, h3]) {
      const gone = numbers.map((number) => network.address(number));
      expect(await learntDestinations(host)).not.to.include.members(gone);
    }
  });
}
