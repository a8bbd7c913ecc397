import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { createNetwork, ping, runIdle } from '../support/containers.ts';
import { ENGINES_IN_FULL } from '../support/engines.ts';
import { eventually } from '../support/eventually.ts';
import { expectNoContainers } from '../support/kernel.ts';
import { setStage } from '../support/stage.ts';
import { report } from './support/count.ts';

const address = '10.1.0.2';
const address6 = 'fd00:1::2';

if (ENGINES_IN_FULL.length > 0) {
  describe('attack: a plugin that stands still, IPv6 that is switched off', () => {
    const stage = setStage({ plugin: 'none' });

    before(async () => {
      stage.plugin = await stage.host.startPlugin();
      await createNetwork(stage.host, 'n', '10.1.0.0/16', '--ipv6', '--subnet', 'fd00:1::/64');
      await runIdle(stage.host, 'web', '--network', 'n', '--ip', address, '--ip6', address6);
    });

    const run = () => stage.host.tryDocker('run', '--rm', '--network', 'n', 'alpine', 'true');
    const expectAnswers = async (): Promise<void> => {
      for (const to of [address, address6]) expect((await ping(stage.host, to)).exitCode, to).to.equal(0);
    };
    it('time: the plugin stands still in the middle of a call, and goes on', async () => {
      // nsenter, which holds the plugin, stops with it, and has to be told to go on too.
      const status = readFileSync(`/proc/${stage.plugin.pid}/status`, 'utf8');
      const pids = [stage.plugin.pid, Number(/^PPid:\s+(\d+)$/m.exec(status)?.[1])];
      process.kill(stage.plugin.pid, 'SIGSTOP');
      let hasEnded = false;
      const running = run().finally(() => (hasEnded = true));
      try {
        await sleep(2_000);
        await expectAnswers();
        expect(hasEnded, 'control: Docker waits for it').to.equal(false);
      } finally {
        for (const pid of pids) process.kill(pid, 'SIGCONT');
      }

      expect((await running).exitCode).to.equal(0);
      report('SIGSTOP of the plugin: 2 s in the middle of a call, the call succeeded, containers answered meanwhile');
    });

    it('IPv6: switched off and on again, it comes back by itself', async () => {
      const set = (value: number) => stage.host.exec(['sysctl', '-w', `net.ipv6.conf.all.disable_ipv6=${value}`]);
      await set(1);
      expect((await ping(stage.host, address6)).exitCode, 'control').to.not.equal(0);
      expect((await ping(stage.host, address)).exitCode).to.equal(0);

      await set(0);

      await eventually(expectAnswers, 40_000);
    });

    it('leaves nothing behind', async () => {
      await stage.host.docker('rm', '--force', 'web');
      await expectNoContainers(stage.host);
    });
  });
}
