import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Host, type Lab, openLab } from '@routed/lab';
import { expect } from 'chai';
import { codeBlocks, REPOSITORY } from '../tools/documentation/markdown.ts';
import { NEWEST_OR_EACH } from './support/engines.ts';
import { eventually } from './support/eventually.ts';

const PAGE = 'packages/plugin-server/README.md';

for (const engine of NEWEST_OR_EACH) {
  describe(`the network plugin of ${PAGE} (Docker ${engine})`, () => {
    let lab: Lab;
    let host: Host;
    let directory: string;

    before(async function () {
      this.timeout(300_000);
      lab = await openLab();
      host = await lab.addHost({ engine });
      // Inside the repository, where it finds the package.
      directory = await mkdtemp(join(REPOSITORY, 'e2e/.plugin-example-'));
      const block = codeBlocks(PAGE).find(({ language }) => language === 'ts');
      await writeFile(join(directory, 'plugin.mts'), block?.text ?? '');
    });
    after(async () => {
      await lab.close();
      await rm(directory, { recursive: true });
    });

    it('is accepted by dockerd, from the first network to the last container', async () => {
      const argv = [join(REPOSITORY, 'node_modules/.bin/tsx'), join(directory, 'plugin.mts')];
      const plugin = await host.spawn(argv, { name: 'example' });
      await eventually(async () => {
        await host.exec(['test', '-S', '/run/docker/plugins/quiet.sock']);
      }, 20_000);

      await host.docker('network', 'create', '--driver', 'quiet', 'quiet1');
      const links = await host.docker('run', '--rm', '--network', 'quiet1', 'alpine', 'ls', '/sys/class/net');
      await host.docker('network', 'rm', 'quiet1');
      await plugin.stop();

      expect(links.trim().split(/\s+/)).to.include('lo').and.not.include('eth0');
      expect((await host.exec(['test', '-e', '/run/docker/plugins/quiet.sock'], { check: false })).exitCode).to.equal(
        1,
      );
    });
  });
}
