import { expect } from 'chai';
import { addressOf, createNetwork } from './support/containers.ts';
import { ENGINES_IN_FULL } from './support/engines.ts';
import { containerLinks, containerRoutes, expectNoContainers } from './support/kernel.ts';
import { setStage } from './support/stage.ts';

const count = 50;

for (const engine of ENGINES_IN_FULL) {
  describe(`${count} containers at once (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine } });
    const names = Array.from({ length: count }, (_, index) => `many${index}`);
    let addresses: string[] = [];

    before(() => createNetwork(stage.host, 'n', '10.1.0.0/16'));

    it('all start', async () => {
      const startedAt = performance.now();

      const run = (name: string): Promise<string> =>
        stage.host.docker('run', '-d', '--name', name, '--network', 'n', 'alpine', 'sleep', '1000');
      await Promise.all(names.map(run));

      console.log(`        ${count} containers in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
    });

    it('have an address, a link and a route each', async () => {
      addresses = await Promise.all(names.map((name) => addressOf(stage.host, name, 'n')));

      expect(new Set(addresses).size).to.equal(count);
      expect((await containerRoutes(stage.host)).map(({ dst }) => dst)).to.have.members(addresses);
      expect(new Set((await containerRoutes(stage.host)).map(({ dev }) => dev)).size).to.equal(count);
      expect(await containerLinks(stage.host)).to.have.lengthOf(count);
    });

    it('all answer', async () => {
      const loop = 'for a; do ping -q -c 1 -W 2 $a >/dev/null && echo $a; done';

      const { stdout } = await stage.host.exec(['sh', '-c', loop, 'sh', ...addresses]);

      expect(stdout.trim().split('\n')).to.deep.equal(addresses);
    });

    it('are all gone after one "docker rm -f"', async () => {
      const startedAt = performance.now();

      await stage.host.docker('rm', '--force', ...names);

      console.log(`        removed in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
      await expectNoContainers(stage.host);
    });
  });
}
