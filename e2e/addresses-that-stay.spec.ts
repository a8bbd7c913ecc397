import { expect } from 'chai';
import { IS_FULL } from './attack/support/count.ts';
import { askAdmin } from './support/admin.ts';
import { addressesOf } from './support/addresses.ts';
import { createNetwork, idle, inspect, ping, runIdle } from './support/containers.ts';
import { OLDEST_OR_EACH } from './support/engines.ts';
import { eventually } from './support/eventually.ts';
import { send } from './support/raw-request.ts';
import { setStage, type Stage } from './support/stage.ts';
import { reboot } from './restart-matrix/reboot.ts';

interface Row {
  readonly address: string;
  readonly container: string;
  readonly kind: string;
  readonly stays?: boolean;
}

/** Docker starts the containers again, all at once, and answers nobody until it has. */
const withDocker = ['--restart', 'always'];

/** What takes Docker down, and up again. */
const INTERRUPTIONS: Readonly<Record<string, (stage: Stage) => Promise<void>>> = {
  'a restart of Docker': ({ host }) => host.restartEngine('SIGTERM'),
  'the end of Docker and the plugin at once': async (stage) => {
    await Promise.all([stage.plugin.stop('SIGKILL'), stage.host.stopEngine('SIGKILL')]);
    stage.plugin = await stage.host.startPlugin();
    await stage.host.startEngine();
  },
  'a boot of the host': async (stage) => {
    await reboot(stage.host);
    stage.plugin = await stage.host.startPlugin();
    await stage.host.startEngine();
  },
};

for (const engine of OLDEST_OR_EACH) {
  describe(`addresses that stay (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine } });

    const rows = async (container: string): Promise<readonly Row[]> => {
      const { status, body } = await askAdmin(stage.host, 'GET', `/v1/addresses?container=${container}`);
      expect(status).to.equal(200);
      return body as Row[];
    };
    /** What Docker shows. */
    const shown = async (container: string): Promise<string[]> => {
      const template = '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{.GlobalIPv6Address}}{{end}}';
      return (await inspect(stage.host, container, template)).trim().split(' ');
    };
    /** Starts a container, and waits until the plugin knows whose its addresses are. Returns them. */
    const settled = async (container: string): Promise<string[]> => {
      await eventually(async () => {
        const given = (await rows(container)).filter(({ kind }) => kind === 'docker');
        expect(given.map(({ stays }) => stays)).to.deep.equal(given.map(() => true));
      });
      return shown(container);
    };
    const run = async (name: string, network: string, ...args: readonly string[]): Promise<string[]> => {
      await runIdle(stage.host, name, '--network', network, ...args);
      return settled(name);
    };
    /**
     * What Docker shows of a container that has been started again by itself. On a busy machine Docker may answer too late for certainty:
     * the container has its own address in addition then, and alone at its next start.
     */
    const expectBack = async (name: string, own: readonly string[]): Promise<void> => {
      const now = await shown(name);
      if (now.join() !== own.join()) await stage.host.docker('restart', name);
      expect(await shown(name), name).to.deep.equal(own);
    };
    const remove = (...names: string[]): Promise<string> => stage.host.docker('rm', '--force', ...names);
    const told = async (kind: string, address: string): Promise<string[]> => {
      const socket = stage.host.outsidePath('/run/routed/admin.sock');
      const { body } = await send(socket, `/v1/events?address=${address}`, '', 'GET');
      const lines = body.split('\n').filter((line) => line !== '');
      const entries = lines.map((line) => JSON.parse(line) as { readonly kind: string; readonly detail: string });
      return entries.filter((each) => each.kind === kind).map(({ detail }) => detail);
    };

    before(async () => {
      await createNetwork(stage.host, 'apps', '10.1.0.0/24', '--ipv6', '--subnet', 'fd00:1::/64');
    });

    it('are the same after "docker restart", and after a stop during which another container came, in both families', async () => {
      const web = await run('web', 'apps');
      expect(web.map((address) => address.includes(':'))).to.deep.equal([false, true]);
      await stage.host.docker('restart', 'web');
      await expectBack('web', web);

      await stage.host.docker('stop', 'web');
      const newcomer = await run('newcomer', 'apps');
      await stage.host.docker('start', 'web');
      await expectBack('web', web);

      expect(newcomer).to.not.include.members([web[0]]).and.not.include.members([web[1]]);
      await remove('web', 'newcomer');
    });

    it('never change hands, in whatever order two containers start, one with a MAC address of its own', async () => {
      const macAddress = '02:42:0a:01:00:63';
      const [web, db] = [await run('web', 'apps', '--mac-address', macAddress), await run('db', 'apps')];
      await stage.host.docker('stop', 'web', 'db');

      await stage.host.docker('start', 'db');
      await expectBack('db', db);
      await stage.host.docker('start', 'web');
      await expectBack('web', web);
      const template = '{{range .NetworkSettings.Networks}}{{.MacAddress}}{{end}}';
      expect(await inspect(stage.host, 'web', template)).to.equal(macAddress);
      await remove('web', 'db');
    });

    it('are given away when the pool has no other, the one kept for longest first, and that is told', async () => {
      await createNetwork(stage.host, 'two', '10.2.0.0/30');
      const [[first = ''], [second = '']] = [await run('first', 'two'), await run('second', 'two')];
      await stage.host.docker('stop', 'second');
      await stage.host.docker('stop', 'first');

      expect((await run('third', 'two'))[0]).to.equal(second);
      await eventually(async () =>
        expect(await told('moved', second)).to.deep.equal([
          'no longer kept for container second: the pool has no other free address',
          'container third has it now; container second had it last',
        ]),
      );
      await stage.host.docker('start', 'first');
      expect((await shown('first'))[0]).to.equal(first);
      const refused = await stage.host.tryDocker('start', 'second');
      expect(refused.exitCode).to.equal(1);
      expect(refused.stderr).to.contain('10.2.0.0/30');

      await remove('third');
      await stage.host.docker('start', 'second');
      expect((await shown('second'))[0]).to.equal(second);
      await remove('first', 'second');
      await stage.host.docker('network', 'rm', 'two');
    });

    it('are of a block of this host, and do not stay with routed.sticky=off', async () => {
      await createNetwork(stage.host, 'blocks', '10.3.0.0/16', '-o', 'routed.block=/28');
      await createNetwork(stage.host, 'off', '10.4.0.0/30', '-o', 'routed.sticky=off');
      const web = await run('web', 'blocks');
      await runIdle(stage.host, 'loose', '--network', 'off');
      const [loose = ''] = await shown('loose');
      await stage.host.docker('stop', 'web', 'loose');
      await runIdle(stage.host, 'one', '--network', 'off');
      await runIdle(stage.host, 'two', '--network', 'off');

      await stage.host.docker('start', 'web');
      await expectBack('web', web);
      expect([...(await shown('one')), ...(await shown('two'))]).to.include(loose);
      expect([await told('kept', loose), await told('moved', loose)].flat().join()).to.not.contain('kept for');
      await remove('web', 'loose', 'one', 'two');
      await stage.host.docker('network', 'rm', 'blocks', 'off');
    });

    const interruptions = Object.entries(INTERRUPTIONS);
    for (const [what, interrupt] of IS_FULL ? interruptions : interruptions.slice(-1)) {
      it(`reach their containers after ${what}, and nobody has another one's`, async () => {
        const { host } = stage;
        const names = ['web', 'db', 'cache'];
        const own = new Map<string, readonly string[]>();
        for (const name of names) own.set(name, await run(name, 'apps', ...withDocker));
        const isRunning = async (name: string): Promise<void> => {
          expect(await inspect(host, name, '{{.State.Running}}')).to.equal('true');
        };

        await interrupt(stage);

        for (const name of names) {
          await eventually(() => isRunning(name), 30_000);
          await eventually(async () => {
            const held = (await addressesOf(host, name)).map((address) => address.replace(/\/.*/, ''));
            expect(held, name).to.include.members([...(own.get(name) ?? [])]);
            const others = names.filter((other) => other !== name).flatMap((other) => own.get(other) ?? []);
            for (const other of others) expect(held, name).to.not.include(other);
          }, 30_000);
          for (const address of own.get(name) ?? []) {
            expect((await ping(host, address)).exitCode, `ping ${address}`).to.equal(0);
          }
        }
        expect(await told('failed', own.get('web')?.[0] ?? '')).to.deep.equal([]);
        await host.docker('restart', 'web');
        await expectBack('web', own.get('web') ?? []);
        await remove(...names);
      }).timeout(240_000);
    }

    it('are free once the container is removed', async () => {
      const [web = ''] = await run('web', 'apps');
      await stage.host.docker('stop', 'web');
      await eventually(async () => expect(await told('kept', web)).to.have.lengthOf.greaterThan(0));
      await remove('web');

      await eventually(async () => expect((await told('released', web)).at(-1)).to.equal('its container was removed'));
      await stage.host.docker('run', '--rm', '--network', 'apps', '--ip', web, ...idle.slice(0, 1), 'true');
    });
  });
}
