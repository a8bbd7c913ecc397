import { expect } from 'chai';
import { createNetwork, ping, runIdle } from './support/containers.ts';
import { ENGINES_IN_FULL } from './support/engines.ts';
import { eventually } from './support/eventually.ts';
import { setStage } from './support/stage.ts';

const address = '10.1.0.2';
const withinMs = 1000;

for (const engine of ENGINES_IN_FULL) {
  describe(`somebody breaks what the plugin made (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine } });

    before(async () => {
      await createNetwork(stage.host, 'n', '10.1.0.0/16');
      await runIdle(stage.host, 'web', '--network', 'n', '--ip', address);
    });

    const damages: [string, string][] = [
      ["deletes a container's route", `ip route delete ${address}`],
      ['flushes all routes of the plugin', 'ip route flush proto 200'],
      ["sets a container's link down", 'ip link set "$(ip -o link | grep -o vethr[0-9a-f]*)" down'],
    ];
    for (const [what, command] of damages) {
      it(`who ${what}: it is back within a second`, async () => {
        await stage.host.exec(['sh', '-c', command]);
        const broken = Date.now();

        await eventually(async () => {
          const route = await stage.host.exec(['ip', 'route', 'show', address]);
          expect(route.stdout)
            .to.match(/dev vethr.* proto 200 scope link/)
            .and.to.not.contain('linkdown');
        }, withinMs);

        expect(Date.now() - broken).to.be.lessThan(withinMs);
        expect((await ping(stage.host, address)).exitCode).to.equal(0);
      });
    }
  });
}
