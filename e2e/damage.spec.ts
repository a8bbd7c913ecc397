import { expect } from 'chai';
import { createNetwork, inspect, ping, runIdle } from './support/containers.ts';
import { ENGINES_IN_FULL } from './support/engines.ts';
import { eventually } from './support/eventually.ts';
import { setStage } from './support/stage.ts';

const open = '10.1.0.2';
const closed = '10.1.0.3';
const repairedWithinMs = 2_000;

for (const engine of ENGINES_IN_FULL) {
  describe(`what somebody does to the link of a running container (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine } });
    const links: Record<string, string> = {};
    const aliases: Record<string, string> = {};

    before(async () => {
      const { host } = stage;
      await createNetwork(host, 'n', '10.1.0.0/16');
      await runIdle(host, 'open', '--network', 'n', '--ip', open);
      await runIdle(host, 'closed', '--network', `name=n,ip=${closed},driver-opt=routed.ingress=none`);
      for (const name of ['open', 'closed']) {
        const endpointId = await inspect(host, name, '{{.NetworkSettings.Networks.n.EndpointID}}');
        links[name] = `vethr${endpointId.slice(0, 10)}`;
        aliases[name] = `routed:${endpointId}`;
      }
      await host.exec(['ip', 'link', 'add', 'br7', 'type', 'bridge']);
      await host.exec(['ip', 'link', 'set', 'br7', 'up']);
    });

    const damages: readonly [string, (link: string) => readonly (readonly string[])[]][] = [
      ['renames it', (link) => [['name', 'stranger', '--', link]]],
      ['takes its alias', (link) => [['alias', '', '--', link]]],
      ['gives it another one of ours', (link) => [['alias', `routed:${'d'.repeat(64)}`, '--', link]]],
      [
        'renames it and takes its alias',
        (link) => [
          ['alias', '', '--', link],
          ['name', 'stranger', '--', link],
        ],
      ],
      ['puts it into a bridge', (link) => [['master', 'br7', '--', link]]],
    ];
    for (const [what, commandsFor] of damages) {
      for (const name of ['open', 'closed'] as const) {
        it(`is undone for a container that is ${name} when somebody ${what}`, async () => {
          const { host } = stage;
          const link = links[name] ?? '';
          const script = commandsFor(link)
            .map((command) => {
              const [words, device = ''] = [command.slice(0, -2), command.at(-1)];
              return `ip link set dev ${device} ${words.map((word) => `'${word}'`).join(' ')}`;
            })
            .join(' && ');
          await host.exec(['sh', '-c', script]);
          const startedAt = performance.now();

          await eventually(async () => {
            const { stdout } = await host.exec(['ip', '-details', 'link', 'show', 'dev', link]);
            expect(stdout)
              .to.contain(`alias ${aliases[name] ?? ''}`)
              .and.not.to.contain('master');
            expect((await host.exec(['ip', 'route', 'get', name === 'open' ? open : closed])).stdout).to.contain(link);
          }, repairedWithinMs);
          console.log(`      undone after ${Math.round(performance.now() - startedAt)} ms`);

          if (name === 'open') await eventually(async () => expect((await ping(host, open)).exitCode).to.equal(0));
          const { stdout: filters } = await host.exec(['nft', 'list', 'set', 'inet', 'routed', 'filtered']);
          expect(filters).to.contain(links['closed']);
        });
      }
    }
  });
}
