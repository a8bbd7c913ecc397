import { expect } from 'chai';
import type { Host } from '@routed/lab';
import { createNetwork, inside, ping, runIdle } from './support/containers.ts';
import { ENGINES_AT_THE_ENDS } from './support/engines.ts';
import { eventually } from './support/eventually.ts';
import { containerLinks, containerRoutes, LINKS_GONE_MS } from './support/kernel.ts';
import { setStage } from './support/stage.ts';

const first = '10.1.0.2';
const second = '10.2.0.2';

/** The default routes inside the container, and its IPv4 addresses. */
async function view(host: Host): Promise<{ readonly defaults: string[]; readonly addresses: string[] }> {
  const routes = (await inside(host, 'web', 'ip', 'route')).split('\n');
  const lines = (await inside(host, 'web', 'ip', '-4', '-o', 'address')).split('\n');
  return {
    defaults: routes.map((line) => line.trim()).filter((line) => line.startsWith('default')),
    addresses: lines.map((line) => / inet (\S+)/.exec(line)?.[1] ?? line).filter((cidr) => cidr !== '127.0.0.1/8'),
  };
}

async function expectAnswers(host: Host, ...addresses: readonly string[]): Promise<void> {
  for (const address of addresses) {
    expect((await ping(host, address)).exitCode, `ping ${address} from the host`).to.equal(0);
    expect((await ping(host, address, 'other')).exitCode, `ping ${address} from a container`).to.equal(0);
  }
}

async function expectRoutes(host: Host, ...addresses: readonly string[]): Promise<void> {
  await eventually(async () => {
    expect(await containerLinks(host)).to.have.lengthOf(addresses.length);
  }, LINKS_GONE_MS);
  expect((await containerRoutes(host)).map(({ dst }) => dst)).to.have.members([...addresses]);
}

for (const engine of ENGINES_AT_THE_ENDS) {
  describe(`a container on two networks (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine } });
    const other = '10.1.0.99';

    before(async () => {
      await createNetwork(stage.host, 'one', '10.1.0.0/16');
      await createNetwork(stage.host, 'two', '10.2.0.0/16');
      await createNetwork(stage.host, 'three', '10.3.0.0/16', '--gateway', '10.3.0.1');
      await runIdle(stage.host, 'other', '--network', 'one', '--ip', other);
    });

    beforeEach(() => runIdle(stage.host, 'web', '--network', 'one', '--ip', first));

    afterEach(() => stage.host.docker('rm', '--force', 'web'));

    it('is connected while it runs, and answers on both addresses', async () => {
      await stage.host.docker('network', 'connect', '--ip', second, 'two', 'web');

      const { defaults, addresses } = await view(stage.host);
      expect(addresses).to.have.members([`${first}/32`, `${second}/32`]);
      expect(defaults).to.have.lengthOf(1);
      await expectRoutes(stage.host, other, first, second);
      await expectAnswers(stage.host, first, second);
    });

    it('keeps the first network when it is disconnected from the second', async () => {
      await stage.host.docker('network', 'connect', '--ip', second, 'two', 'web');
      await stage.host.docker('network', 'disconnect', 'two', 'web');

      const { defaults, addresses } = await view(stage.host);
      expect(addresses).to.deep.equal([`${first}/32`]);
      expect(defaults).to.deep.equal(['default via 169.254.1.1 dev eth0']);
      await expectRoutes(stage.host, other, first);
      await expectAnswers(stage.host, first);
    });

    it('keeps the second network when it is disconnected from the first', async () => {
      await stage.host.docker('network', 'connect', '--ip', second, 'two', 'web');
      await stage.host.docker('network', 'disconnect', 'one', 'web');

      const { defaults, addresses } = await view(stage.host);
      expect(addresses).to.deep.equal([`${second}/32`]);
      expect(defaults).to.have.lengthOf(1);
      expect(defaults[0]).to.match(/^default via 169\.254\.1\.\d+ dev eth1$/);
      await expectRoutes(stage.host, other, second);
      await expectAnswers(stage.host, second);
    });

    it('has both networks again after a restart, though their gateway is the same', async () => {
      await stage.host.docker('network', 'connect', '--ip', second, 'two', 'web');
      await stage.host.docker('restart', 'web');

      const { defaults, addresses } = await view(stage.host);
      expect(addresses).to.have.members([`${first}/32`, `${second}/32`]);
      expect(defaults).to.have.lengthOf(1);
      await expectRoutes(stage.host, other, first, second);
      await expectAnswers(stage.host, first, second);
    });

    it('answers on both when each network has a gateway of its own', async () => {
      await stage.host.docker('network', 'connect', '--ip', '10.3.0.2', 'three', 'web');

      const routes = await inside(stage.host, 'web', 'ip', 'route');
      expect(routes).to.match(/169\.254\.1\.1 dev eth0 scope link/);
      expect(routes).to.match(/10\.3\.0\.1 dev eth1 scope link/);
      expect((await view(stage.host)).defaults).to.have.lengthOf(1);
      await expectAnswers(stage.host, first, '10.3.0.2');
    });

    it('may have two addresses of one network, one after the other', async () => {
      await stage.host.docker('network', 'disconnect', 'one', 'web');
      await stage.host.docker('network', 'connect', '--ip', '10.1.0.3', 'one', 'web');

      expect((await view(stage.host)).addresses).to.deep.equal(['10.1.0.3/32']);
      await expectRoutes(stage.host, other, '10.1.0.3');
      await expectAnswers(stage.host, '10.1.0.3');
    });
  });
}
