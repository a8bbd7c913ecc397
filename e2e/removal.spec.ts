import { readdir } from 'node:fs/promises';
import { expect } from 'chai';
import type { Host } from '@routed/lab';
import { createNetwork, ping, runIdle } from './support/containers.ts';
import { ENGINES_IN_FULL } from './support/engines.ts';
import { eventually } from './support/eventually.ts';
import { kernelState, LINKS_GONE_MS } from './support/kernel.ts';
import { type } from './support/shell.ts';
import { setStage } from './support/stage.ts';

/** The rules and the chains that somebody added; a table's own empty chains change nothing. */
async function firewall(host: Host): Promise<string[]> {
  const { stdout } = await host.exec(['sh', '-c', 'iptables-save; ip6tables-save']);
  return stdout.split('\n').filter((line) => /^-A|^:\S+ - /.test(line));
}

for (const engine of ENGINES_IN_FULL) {
  describe(`giving routed up (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine }, plugin: 'none' });

    it('leaves the host as it was before', async () => {
      const { host } = stage;
      const before = { kernel: await kernelState(host), firewall: await firewall(host) };
      stage.plugin = await host.startPlugin({ flags: ['--gateway', '10.200.0.1'] });
      await createNetwork(host, 'one', '10.1.0.0/16', '--ipv6', '--subnet', 'fd00:1::/64');
      await createNetwork(host, 'two', '10.2.0.0/16', '--gateway', '10.2.0.1');
      await runIdle(host, 'web', '--network', 'one', '--ip', '10.1.0.2');
      await host.docker('network', 'connect', 'two', 'web');
      expect((await ping(host, '10.1.0.2')).exitCode).to.equal(0);
      expect(await kernelState(host)).not.to.deep.equal(before.kernel);
      expect(await firewall(host)).not.to.deep.equal(before.firewall);

      await host.docker('rm', '--force', 'web');
      await host.docker('network', 'rm', 'one', 'two');
      expect(await stage.plugin.stop()).to.equal(0);

      await eventually(async () => expect(await kernelState(host)).to.deep.equal(before.kernel), LINKS_GONE_MS);
      expect(await firewall(host)).to.deep.equal(before.firewall);
      expect(await readdir(host.outsidePath(host.pluginDir))).to.deep.equal([]);
    });

    it('leaves the host as it was before by cleanup, also with the networks still there', async () => {
      const { host } = stage;
      const before = { kernel: await kernelState(host), firewall: await firewall(host) };
      stage.plugin = await host.startPlugin({ flags: ['--gateway', '10.200.0.1'] });
      await createNetwork(
        host,
        'one',
        '10.1.0.0/16',
        '--ipv6',
        '--subnet',
        'fd00:1::/64',
        '-o',
        'routed.block=/26,/122',
      );
      const options = ['ingress=10.0.0.0/8', 'egress=10.0.0.0/8 api.example.com', 'rate-in=1gbit', 'rate-out=1gbit'];
      const lists = options.flatMap((option) => ['-o', `routed.${option}`]);
      await createNetwork(host, 'two', '10.2.0.0/16', '--gateway', '10.2.0.1', ...lists);
      await runIdle(host, 'web', '--network', 'one');
      await runIdle(host, 'db', '--network', 'two', '--ip', '10.2.0.2');
      await type(host, 'routed-plugin withdraw db');
      const cleanup = (...flags: string[]) => type(host, ['routed-plugin cleanup', ...flags].join(' '));

      expect(await cleanup())
        .to.include({ exitCode: 1 })
        .and.have.property('stderr')
        .that.includes('stop it first');
      await stage.plugin.stop('SIGKILL');
      const shown = await cleanup('--dry-run');
      expect(shown.exitCode).to.equal(0);
      for (const kind of ['link', 'route', 'block', 'rule', 'gateway', 'firewall', 'setting']) {
        expect(shown.stdout).to.match(new RegExp(`^${kind} `, 'm'));
      }
      expect(await cleanup())
        .to.include({ exitCode: 1, stdout: '' })
        .and.have.property('stderr')
        .that.includes('(db, web): stop them, or cut them off with --force');
      expect((await ping(host, '10.2.0.2')).exitCode, 'what was refused changed nothing').to.equal(0);

      expect(await cleanup('--force', '--state')).to.include({ exitCode: 0 });
      // Docker's containers run on, without a network.
      const { namespaces } = before.kernel;
      await eventually(
        async () => expect({ ...(await kernelState(host)), namespaces }).to.deep.equal(before.kernel),
        LINKS_GONE_MS,
      );
      expect(await firewall(host)).to.deep.equal(before.firewall);
      expect((await cleanup()).stdout).to.include('there is nothing of routed-plugin on this host');

      // Docker asks nobody about networks whose driver is gone.
      stage.plugin = await host.startPlugin();
      await host.docker('rm', '--force', 'web', 'db');
      await host.docker('network', 'rm', 'one', 'two');
      expect(await stage.plugin.stop()).to.equal(0);
    });
  });
}
