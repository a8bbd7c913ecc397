import { expect } from 'chai';
import type { Host } from '@routed/lab';
import { createNetwork, idle, ping, runIdle } from './support/containers.ts';
import { NEWEST_OR_EACH } from './support/engines.ts';
import { eventually } from './support/eventually.ts';
import { tryFreshFlows } from './support/fresh-flows.ts';
import { inParallel } from './support/in-parallel.ts';
import { type } from './support/shell.ts';
import { setStage } from './support/stage.ts';

const isAll = process.env['ROUTED_ATTACK'] === 'all';
const restarts = Number(process.env['ROUTED_ATTACK_RESTARTS'] ?? (isAll ? 100 : 5));
const others = isAll ? 20 : 5;
const closed = '10.1.0.95';

for (const engine of NEWEST_OR_EACH) {
  describe(`lists that operators give, from the first packet on (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine } });
    const names = Array.from({ length: others }, (_, index) => `other${index}`);
    let far: Host;

    const ingress = async (line: string): Promise<void> => {
      const { stderr, exitCode } = await type(stage.host, `routed-plugin ingress ${line}`);
      expect({ exitCode, stderr }, line).to.deep.equal({ exitCode: 0, stderr: '' });
    };

    before(async function () {
      this.timeout(120_000);
      far = await stage.lab.addHost({ engine: 'none' });
      await far.exec(['ip', 'route', 'add', '10.1.0.0/16', 'via', stage.host.address?.replace(/\/.*/, '') ?? '']);
      await createNetwork(stage.host, 'n', '10.1.0.0/16');
      await runIdle(stage.host, 'closed', '--network', 'n', '--ip', closed);
      await inParallel(names.values(), (name) => runIdle(stage.host, name, '--network', 'n'));
      await eventually(async () => expect((await ping(far, closed)).exitCode).to.equal(0));
      await ingress('set closed none');
    });

    it(`let nobody in while the container is restarted ${restarts} times, beside ${others} others`, async () => {
      const stop = await tryFreshFlows(far, closed);
      const over = new AbortController();
      const churn = (async () => {
        while (!over.signal.aborted) await stage.host.docker('restart', '--time', '0', ...names);
      })();
      const started = performance.now();
      try {
        for (let count = 0; count < restarts; count++) await stage.host.docker('restart', '--time', '0', 'closed');
      } finally {
        over.abort();
        await churn;
      }

      const { sent, pings, ports, refused, at } = await stop();
      const seconds = Math.round((performance.now() - started) / 1_000);
      console.log(`        ${sent} tries of each kind in ${seconds} s, ${refused} refused, ${pings + ports} answered`);
      expect({ pings, ports }, `first answered at ${at.join(' ')}`).to.deep.equal({ pings: 0, ports: 0 });
      expect(refused).to.be.above(0);
    }).timeout(isAll ? 1_800_000 : 180_000);

    it('do not keep anybody out of the others', async () => {
      const address = await stage.host.docker(
        ...['inspect', '--format', '{{.NetworkSettings.Networks.n.IPAddress}}', names[0] ?? ''],
      );
      await eventually(async () => expect((await ping(far, address)).exitCode).to.equal(0));
    });

    it('come with addresses that are there when the main process starts', async () => {
      const count = 'ip -o address show eth0 | grep -c " 10.1.0.20/"';
      const body = `trap "exit 0" TERM; ${count}; while :; do sleep 1000 & wait; done`;
      await stage.host.docker('run', '-d', '--name', 'given', '--network', 'n', 'alpine', 'sh', '-c', body);
      const { exitCode, stderr } = await type(stage.host, 'routed-plugin address add given 10.1.0.20');
      expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: '' });

      for (let restart = 0; restart < 5; restart++) await stage.host.docker('restart', '--time', '0', 'given');

      await eventually(async () => {
        const [, ...counts] = (await stage.host.docker('logs', 'given')).trim().split('\n');
        expect(counts).to.deep.equal(['1', '1', '1', '1', '1']);
      });
    });

    it('let nobody in who came in before, once they are narrower', async () => {
      await ingress('set closed any');
      const stopPing = await far.spawn(['ping', '-n', '-i', '0.01', '-e', '4242', closed], { name: 'ping' });
      await eventually(async () => expect(await stopPing.log()).to.contain('bytes from'));

      await ingress('set closed none');

      const answered = async (): Promise<number> => (await stopPing.log()).split('bytes from').length;
      const before = await answered();
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(await answered()).to.equal(before);
      await stopPing.stop('SIGINT');
    });

    it('do not let a new container inherit who came into the former one', async () => {
      const [own, option] = ['10.1.0.77', 'driver-opt=routed.ingress=none'];
      await runIdle(stage.host, 'former', '--network', 'n', '--ip', own);
      const flow = await far.spawn(['ping', '-n', '-i', '0.01', '-e', '4243', own], { name: 'flow' });
      await eventually(async () => expect(await flow.log()).to.contain('bytes from'));
      await stage.host.docker('rm', '--force', 'former');
      const answered = async (): Promise<number> => (await flow.log()).split('bytes from').length;
      const before = await answered();

      await stage.host.docker('run', '-d', '--name', 'next', '--network', `name=n,ip=${own},${option}`, ...idle);

      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(await answered()).to.equal(before);
      await flow.stop('SIGINT');
    });
  });
}
