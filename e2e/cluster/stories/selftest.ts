import { expect } from 'chai';
import { REPOSITORY } from '../../../tools/documentation/markdown.ts';
import type { ClusterStage } from '../support/cluster.ts';
import type { ClusterNetwork } from '../support/containers.ts';

const PLUGIN = `${REPOSITORY}packages/daemon/bin/routed-plugin.js`;

/** The first host tries itself, and the way to the container of the second. */
export function tellSelftest(stage: ClusterStage, network: ClusterNetwork): void {
  it('sees that its router announces addresses, and that another host answers them', async () => {
    const { host } = stage.h1;
    const options = ['--network', 'n', '--peer', network.address(12), '--json'];

    const { stdout, stderr } = await host.exec([process.execPath, PLUGIN, 'selftest', ...options], { check: false });

    const { checks } = JSON.parse(stdout) as {
      readonly checks: readonly { readonly id: string; readonly state: string; readonly detail: string }[];
    };
    expect(
      checks.filter(({ state }) => state === 'fail'),
      stderr,
    ).to.deep.equal([]);
    expect(checks.find(({ id }) => id === 'router')?.detail).to.match(/^ospfd, heard by [12] neighbors$/);
    expect(checks.find(({ id }) => id === 'peer')?.detail).to.equal(network.address(12));
  });
}
