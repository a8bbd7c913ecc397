import { expect } from 'chai';
import type { HostSpec } from '@routed/lab';
import { createNetwork, inside, ping, runIdle } from './support/containers.ts';
import { ENGINES_IN_FULL } from './support/engines.ts';
import { expectNothingOurs } from './support/kernel.ts';
import { setStage } from './support/stage.ts';

interface GatewayCase {
  readonly where: string;
  readonly host: HostSpec;
  /** Each is tried with a plugin of its own: as an option, or none for the built-in one. */
  readonly gateways: readonly (string | undefined)[];
}

const cases: readonly GatewayCase[] = [
  { where: 'the gateway is an address of the host', host: {}, gateways: ['10.112.11.1'] },
  {
    where: 'the host has a default route, and the gateway is no address of it',
    host: { defaultRoute: '10.112.11.254' },
    gateways: ['10.200.0.1', undefined],
  },
  {
    where: 'the host has no route to the gateway at all',
    host: { uplink: 'none' },
    gateways: ['10.200.0.1', undefined],
  },
];

for (const engine of ENGINES_IN_FULL) {
  for (const { where, host: spec, gateways } of cases) {
    describe(`${where} (Docker ${engine})`, () => {
      const stage = setStage({ host: { ...spec, engine }, plugin: 'none' });

      for (const option of gateways) {
        const gateway = option ?? '169.254.1.1';

        it(`answers containers as ${option === undefined ? 'the built-in ' : ''}${gateway}`, async () => {
          const { host } = stage;
          const addressesBefore = (await host.exec(['ip', '-4', '-o', 'address'])).stdout;
          stage.plugin = await host.startPlugin({ flags: option === undefined ? [] : ['--gateway', option] });
          await createNetwork(host, 'n', '10.1.0.0/16');
          await runIdle(host, 'one', '--network', 'n', '--ip', '10.1.0.2');
          await runIdle(host, 'two', '--network', 'n', '--ip', '10.1.0.3');

          const routes = (await inside(host, 'one', 'ip', 'route')).split('\n').map((line) => line.trim());
          expect(routes).to.have.members([`default via ${gateway} dev eth0`, `${gateway} dev eth0 scope link`]);
          expect((await ping(host, gateway, 'one')).exitCode).to.equal(0);
          expect((await ping(host, '10.1.0.3', 'one')).exitCode).to.equal(0);
          expect((await ping(host, '10.1.0.2')).exitCode).to.equal(0);
          expect(await inside(host, 'one', 'ip', 'neigh')).to.match(
            new RegExp(`^${gateway} dev eth0 lladdr ee:ee:ee:ee:ee:ee`),
          );

          await host.docker('rm', '--force', 'one', 'two');
          await host.docker('network', 'rm', 'n');
          await expectNothingOurs(host);
          expect((await host.exec(['ip', '-4', '-o', 'address'])).stdout).to.equal(addressesBefore);
          expect(await stage.plugin.stop()).to.equal(0);
        });
      }
    });
  }
}
