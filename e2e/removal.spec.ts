import { readdir } from 'node:fs/promises';
import { expect } from 'chai';
import type { Host } from '@routed/lab';
import { createNetwork, ping, runIdle } from './support/containers.ts';
import { ENGINES_IN_FULL } from './support/engines.ts';
import { eventually } from './support/eventually.ts';
import { kernelState, LINKS_GONE_MS } from './support/kernel.ts';
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
  });
}
