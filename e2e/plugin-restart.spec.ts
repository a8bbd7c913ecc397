import { expect } from 'chai';
import type { Host, LabProcess } from '@routed/lab';
import { createNetwork, inspect, ping, runIdle } from './support/containers.ts';
import { ENGINES_IN_FULL } from './support/engines.ts';
import { eventually } from './support/eventually.ts';
import { expectNoContainers, kernelState } from './support/kernel.ts';
import { setStage } from './support/stage.ts';

const address = '10.1.0.2';
const runningMs = 10_000;

/** The sequence numbers answered so far. */
async function answered(pings: LabProcess): Promise<number[]> {
  return Array.from((await pings.log()).matchAll(/icmp_seq=(\d+)/g), ([, digits]) => Number(digits));
}

/** Waits for `more` answers beyond those there are. */
async function moreAnswers(pings: LabProcess, more: number): Promise<void> {
  const soFar = (await answered(pings)).length;
  await eventually(async () => {
    expect((await answered(pings)).length).to.be.greaterThan(soFar + more);
  }, runningMs);
}

/** 100 pings a second to the container, from the network namespace of another. */
async function pingFast(host: Host, from: string, name: string): Promise<LabProcess> {
  const pid = await inspect(host, from, '{{.State.Pid}}');
  return host.spawn(['nsenter', '--target', pid, '--net', 'ping', '-i', '0.01', address], { name });
}

for (const engine of ENGINES_IN_FULL) {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    describe(`a new plugin under running containers, after ${signal} (Docker ${engine})`, () => {
      const stage = setStage({ host: { engine } });

      before(async () => {
        await createNetwork(stage.host, 'n', '10.1.0.0/16');
        await runIdle(stage.host, 'web', '--network', 'n', '--ip', address);
        await runIdle(stage.host, 'client', '--network', 'n', '--ip', '10.1.0.3');
      });

      it('loses no packet', async () => {
        const { host } = stage;
        const pings = await pingFast(host, 'client', 'pings');
        await moreAnswers(pings, 50);

        await stage.plugin.stop(signal);
        await moreAnswers(pings, 50);
        stage.plugin = await host.startPlugin();
        await moreAnswers(pings, 100);
        await pings.stop('SIGINT');

        const sequence = await answered(pings);
        expect(sequence).to.deep.equal(sequence.map((_, index) => index + 1));
      });

      it('changes nothing in the kernel', async () => {
        const before = await kernelState(stage.host);

        await stage.plugin.stop(signal);
        stage.plugin = await stage.host.startPlugin();

        expect(await kernelState(stage.host)).to.deep.equal(before);
      });

      it('knows the addresses that are in use', async () => {
        const run = ['run', '--rm', '--network', 'n', '--ip', address, 'alpine', 'true'];

        const { exitCode, stderr } = await stage.host.tryDocker(...run);

        expect(exitCode).to.equal(125);
        expect(stderr).to.match(/10\.1\.0\.2.* in use by endpoint [0-9a-f]{12}/);
      });

      it('removes a container that ends while no plugin runs, as soon as one runs again', async () => {
        const { host } = stage;
        const pid = await inspect(host, 'client', '{{.State.Pid}}');
        await stage.plugin.stop(signal);

        // Docker calls for 15 s before it gives up. "docker inspect" would wait for that, too.
        const removed = host.docker('rm', '--force', 'client');
        await eventually(() => host.exec(['test', '!', '-e', `/proc/${pid}`]));
        stage.plugin = await host.startPlugin();
        await removed;

        await runIdle(host, 'client', '--network', 'n', '--ip', '10.1.0.3');
        expect((await ping(host, '10.1.0.3')).exitCode).to.equal(0);
      });

      it('starts containers on the network of its predecessor', async () => {
        await runIdle(stage.host, 'late', '--network', 'n', '--ip', '10.1.0.4');

        expect((await ping(stage.host, '10.1.0.4', 'web')).exitCode).to.equal(0);
      });

      it('takes away the containers of its predecessor', async () => {
        await stage.host.docker('rm', '--force', 'web', 'client', 'late');

        await expectNoContainers(stage.host);
      });
    });
  }

  describe(`a plugin that has lost its state (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine } });

    before(async () => {
      await createNetwork(stage.host, 'n', '10.1.0.0/16');
      await runIdle(stage.host, 'web', '--network', 'n', '--ip', address);
      await stage.plugin.stop('SIGKILL');
      await stage.host.exec(['sh', '-c', 'rm -rf /var/lib/routed/*']);
      stage.plugin = await stage.host.startPlugin();
    });

    it('lets a running container be', async () => {
      expect((await ping(stage.host, address)).exitCode).to.equal(0);
    });

    it('says so to who wants a container on the old network, and what to do', async () => {
      const { exitCode, stderr } = await stage.host.tryDocker('run', '--rm', '--network', 'n', 'alpine', 'true');

      expect(exitCode).to.equal(125);
      expect(stderr).to.match(/network [0-9a-f]{12} is not known to routed .*docker network rm/);
    });

    it('takes the container away when Docker does', async () => {
      await stage.host.docker('rm', '--force', 'web');

      await expectNoContainers(stage.host);
    });

    it('works again after what it said', async () => {
      await stage.host.docker('network', 'rm', 'n');
      await createNetwork(stage.host, 'n', '10.1.0.0/16');
      await runIdle(stage.host, 'web', '--network', 'n', '--ip', address);

      expect((await ping(stage.host, address)).exitCode).to.equal(0);
    });
  });
}
