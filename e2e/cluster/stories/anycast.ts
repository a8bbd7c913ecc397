import { expect } from 'chai';
import { watchAnswers, type ClusterHost } from '@routed/lab';
import { eventually } from '../../support/eventually.ts';
import { median } from '../../support/median.ts';
import { createNetwork, inspect } from '../../support/containers.ts';
import { runContainer, untilReached, type ClusterNetwork } from '../support/containers.ts';
import type { ClusterStage } from '../support/cluster.ts';
import { learntRoutes, untilForgotten, untilLearnt } from '../support/routes.ts';

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

const service = { network: 'service', subnet: '10.1.130.0/24', address: '10.1.130.9' } as const;

/**
 * One address on two hosts, of which the one with the lower metric has the traffic.
 *
 * @param setMetric of the service's prefix in a host's router, where that does not announce the metric of the kernel's route
 */
export function tellPrimaryAndBackup(
  stage: ClusterStage,
  limitMs: number,
  setMetric: (host: ClusterHost, subnet: string, metric: number) => Promise<unknown> = () => Promise.resolve(),
): void {
  const { network, subnet, address } = service;

  before(async () => {
    for (const [host, metric] of [[stage.h1, 100] as const, [stage.h2, 200] as const]) {
      await setMetric(host, subnet, metric);
      const options = ['routed.anycast=true', 'routed.announce=running', `routed.metric=${metric}`];
      await createNetwork(host.host, network, subnet, ...options.flatMap((option) => ['-o', option]));
      const program = 'mkdir -p /www; hostname > /www/name; exec httpd -f -p 80 -h /www';
      const name = ['--name', network, '--hostname', host.host.name];
      await host.host.docker(
        'run',
        '-d',
        ...name,
        '--network',
        network,
        '--ip',
        address,
        'alpine',
        'sh',
        '-c',
        program,
      );
    }
    await untilLearnt(stage.h3.host, address);
  });

  after(async () => {
    for (const { host } of [stage.h1, stage.h2]) {
      await host.docker('rm', '--force', network);
      await host.docker('network', 'rm', network);
    }
    await untilForgotten(stage.h3.host, address);
  });

  it('leads others to the primary, and a host with a container of its own to that', async () => {
    await untilServedBy(stage.h3, stage.h1);
    for (const host of [stage.h1, stage.h2]) await untilServedBy(host, host);

    const routes = (await learntRoutes(stage.h3.host)).filter(({ dst }) => dst === address);
    expect(routes.map(({ gateway }) => gateway)).to.deep.equal(['10.112.11.1']);
    for (const [{ host }, metric] of [[stage.h1, 100] as const, [stage.h2, 200] as const]) {
      const { stdout } = await host.exec(['ip', '-json', '-N', 'route', 'show', address]);
      const own = (JSON.parse(stdout) as { protocol: string; metric?: number }[]).map((route) => [
        route.protocol,
        route.metric,
      ]);
      expect(own, host.name).to.deep.equal([['200', metric]]);
    }
  });

  it(`leads them to the backup within ${limitMs} ms when the primary is killed, and back`, async () => {
    const gaps: number[] = [];

    for (let round = 0; round < 3; round += 1) {
      const traffic = await watchAnswers(stage.h3.host, address);
      await stage.h1.host.docker('kill', network);
      await untilServedBy(stage.h3, stage.h2);
      gaps.push(await traffic.stop());
      await stage.h1.host.docker('start', network);
      await untilServedBy(stage.h3, stage.h1);
    }

    console.log(`      the longest silences were ${gaps.map((gap) => gap.toFixed(0)).join(', ')} ms`);
    expect(median(gaps)).to.be.below(limitMs);
  });
}

/** Waits until one host's connections to the service end in the container of another, or of its own. */
async function untilServedBy({ host }: ClusterHost, { host: server }: ClusterHost): Promise<void> {
  const program = `fetch('http://${service.address}/name').then((reply) => reply.text()).then(console.log)`;
  await eventually(async () => {
    const { stdout } = await host.exec([process.execPath, '-e', program]);
    expect(stdout.trim(), `who serves ${host.name}`).to.equal(server.name);
  }, 20_000);
}

async function untilTwoWays({ host }: ClusterHost, address: string): Promise<void> {
  await eventually(async () => {
    const route = (await learntRoutes(host)).find(({ dst }) => dst === address);
    expect(route?.nexthops, 'next hops').to.have.lengthOf(2);
  }, 20_000);
}
