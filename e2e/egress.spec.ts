import { expect } from 'chai';
import { count } from './attack/support/count.ts';
import { createNetwork, fetchArgv, idle, ping, runIdle, untilServed, webServer } from './support/containers.ts';
import { OLDEST_OR_EACH } from './support/engines.ts';
import { eventually } from './support/eventually.ts';
import { medianOfThree } from './support/median.ts';
import { type } from './support/shell.ts';
import { setStage } from './support/stage.ts';

/** As many as may be take a while on a busy machine. */
const ENTRIES = count(100, 10_000);

const [app, friend, stranger, resolver] = ['10.1.0.2', '10.1.0.3', '10.1.0.4', '10.1.0.53'] as const;

for (const engine of OLDEST_OR_EACH) {
  describe(`where a container may go (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine } });

    const command = async (line: string): Promise<string> => {
      const { stdout, stderr, exitCode } = await type(stage.host, `routed-plugin egress ${line}`);
      expect({ exitCode, stderr }, line).to.deep.equal({ exitCode: 0, stderr: '' });
      return stdout;
    };
    const reaches = async (address: string): Promise<boolean> => {
      const { exitCode } = await stage.host.tryDocker('exec', 'app', ...fetchArgv(address));
      return exitCode === 0;
    };
    /** How long the container waits until it is told that it may not go there, in milliseconds. */
    const timeRefusal = async (address: string): Promise<number> => {
      const started = performance.now();
      const { exitCode, stderr } = await stage.host.tryDocker('exec', 'app', ...fetchArgv(address));
      expect(exitCode, stderr).to.not.equal(0);
      expect(stderr).to.match(/refused/i);
      return performance.now() - started;
    };
    const statusOf = async (): Promise<{ egress: string; resolvers: string[]; counters: { refused: number } }> =>
      (JSON.parse(await command('show app --json')) as [Awaited<ReturnType<typeof statusOf>>])[0];
    const verdictOn = async (address: string): Promise<{ verdict: string; because: string }> =>
      (JSON.parse(await command(`test app ${address} --json`)) as [Awaited<ReturnType<typeof verdictOn>>])[0];
    const gatewayOf = async (): Promise<string> => {
      const { stdout } = await stage.host.tryDocker('exec', 'app', 'ip', 'route', 'show', 'default');
      return /via (\S+)/.exec(stdout)?.[1] ?? '';
    };
    let [ownAddress]: string[] = [];

    before(async () => {
      [ownAddress = ''] = (stage.host.address ?? '').split('/');
      await createNetwork(stage.host, 'apps', '10.1.0.0/16', '-o', `routed.dns=${resolver}`);
      for (const [name, address] of Object.entries({ friend, stranger, resolver })) {
        const options = ['--name', name, '--network', 'apps', '--ip', address];
        await stage.host.docker('run', '--detach', ...options, ...webServer);
        await untilServed(stage.host, address);
      }
      await stage.host.spawn(['busybox', 'nc', '-ll', '-p', '80', '-e', 'cat'], { name: 'service-of-the-host' });
      await runIdle(stage.host, 'app', '--network', `name=apps,ip=${app},driver-opt=routed.egress=${friend}:80-90/tcp`);
    });

    it('is what the list says, and nothing else; refusals are told at once', async () => {
      expect(await reaches(friend)).to.equal(true);

      // One command of Docker's takes most of it; who is not refused but dropped waits for three seconds.
      expect(await medianOfThree(() => timeRefusal(stranger))).to.be.below(1_500);
      expect((await ping(stage.host, friend, 'app')).exitCode).to.not.equal(0);
    });

    it('does not include the host itself, by none of its addresses', async () => {
      for (const address of [await gatewayOf(), ownAddress!]) await timeRefusal(address);
      expect((await ping(stage.host, ownAddress!, 'app')).exitCode).to.not.equal(0);
    });

    it('includes its gateway, for ping, and answers to whoever may enter', async () => {
      expect((await ping(stage.host, await gatewayOf(), 'app')).exitCode).to.equal(0);
      expect((await ping(stage.host, app, 'stranger')).exitCode).to.equal(0);
    });

    it('includes the name servers of routed.dns, for DNS only', async () => {
      await timeRefusal(resolver);
      expect(await verdictOn(`${resolver}:53/udp`)).to.deep.include({ verdict: 'passes' });
      expect(await verdictOn('10.9.9.9:53/udp')).to.deep.include({ verdict: 'refused' });
      const before = (await statusOf()).counters.refused;
      // Nobody listens there: the answer is its own. What is refused on the way is counted.
      const { exitCode } = await stage.host.tryDocker('exec', 'app', 'nc', '-w', '1', resolver, '53');
      expect(exitCode).to.not.equal(0);
      expect((await statusOf()).counters.refused).to.equal(before);
    });

    it('is told beforehand, with the entry that decides', async () => {
      expect(await verdictOn(`${friend}:85`)).to.deep.include({
        verdict: 'passes',
        because: `entry ${friend}:80-90/tcp`,
      });
      expect(await verdictOn(`${friend}:91`)).to.deep.include({ verdict: 'refused', because: 'no entry allows it' });
      expect(await command(`test app ${friend}:80`)).to.match(/^NETWORK +VERDICT +BECAUSE\napps +passes +entry /);
    });

    it('changes while it runs: connections that a narrower list does not allow end', async () => {
      await command(`set app "${friend}, ${stranger}"`);
      expect(await reaches(stranger)).to.equal(true);
      const talk = `(while :; do echo x; sleep 0.2; done) | nc ${stranger} 7 > /tmp/heard; touch /tmp/ended`;
      await stage.host.docker('exec', '--detach', 'stranger', 'nc', '-ll', '-p', '7', '-e', 'cat');
      await stage.host.docker('exec', '--detach', 'app', 'sh', '-c', `until ${talk}; do :; done`);
      await eventually(async () => {
        expect(await stage.host.docker('exec', 'app', 'cat', '/tmp/heard')).to.contain('x');
      });
      await stage.host.docker('exec', 'app', 'rm', '-f', '/tmp/ended');

      await command(`set app ${friend}`);

      await eventually(async () => {
        expect((await stage.host.tryDocker('exec', 'app', 'cat', '/tmp/ended')).exitCode).to.equal(0);
      });
      await timeRefusal(stranger);
    });

    it('stays through a restart of the container, and of the plugin', async () => {
      await stage.host.docker('restart', '--time', '0', 'app');
      await eventually(async () => expect(await reaches(friend)).to.equal(true));
      await timeRefusal(stranger);

      await stage.plugin.stop('SIGKILL');
      await timeRefusal(stranger);
      stage.plugin = await stage.host.startPlugin();

      await timeRefusal(stranger);
      expect((await statusOf()).egress).to.equal(friend);
      expect((await statusOf()).resolvers).to.deep.equal([resolver]);
    });

    it('is put back when somebody takes it out of the kernel', async () => {
      await stage.host.exec(['nft', 'flush', 'set', 'inet', 'routed', 'egress_filtered']);

      await eventually(() => timeRefusal(stranger));
    });

    it('is only counted with routed.egress-mode=observe', async () => {
      const options = 'driver-opt=routed.egress=none,driver-opt=routed.egress-mode=observe';
      await stage.host.docker('rm', '--force', 'app');
      await runIdle(stage.host, 'app', '--network', `name=apps,ip=${app},${options}`);

      expect(await reaches(friend)).to.equal(true);

      expect((await statusOf()).counters.refused).to.be.above(0);
      expect(await verdictOn(friend)).to.deep.include({ verdict: 'counted' });

      await eventually(async () => {
        await stage.host.tryDocker('exec', 'app', 'nc', '-w', '1', friend, '7');
        const { stdout } = await type(stage.host, 'routed-plugin egress suggest app');
        expect(stdout).to.match(new RegExp(`^apps +${friend}:7/tcp `, 'm'));
        expect(stdout).to.include(`routed-plugin egress set --network apps app '${friend}:7/tcp`);
      });
    });

    it('holds for the first instruction of a container', async () => {
      // Each ping that is not answered takes a second, and one that is refused none.
      const tries = `for try in $(seq 20); do ping -c 1 -W 1 ${friend} & nc -w 1 ${friend} 7 < /etc/hostname & done; wait`;
      const flooded = async (more: string): Promise<string> => {
        const command = ['alpine', 'sh', '-c', tries];
        return (await stage.host.tryDocker('run', '--rm', '--network', `name=apps${more}`, ...command)).stdout;
      };
      await stage.host.docker('exec', '--detach', 'friend', 'nc', '-ll', '-p', '7', '-e', 'cat');

      const answers = /^[0-9a-f]{12}$|bytes from/m;
      await eventually(async () => {
        expect(await flooded(''), 'control').to.match(answers);
      });
      for (let round = 0; round < count(1, 20); round++) {
        expect(await flooded(',driver-opt=routed.egress=none')).to.not.match(answers);
      }
    });

    it('does not include the containers of an isolated network, unless they list it', async () => {
      await createNetwork(stage.host, 'alone', '10.3.0.0/16', '-o', 'routed.isolation=network');
      const options = ['--network', 'alone', '--ip', '10.3.0.2'];
      await stage.host.docker('run', '--detach', '--name', 'alone', ...options, ...webServer);
      await runIdle(stage.host, 'beside', '--network', 'alone');
      const ingress = async (line: string): Promise<void> => {
        const { exitCode, stderr } = await type(stage.host, `routed-plugin ingress ${line}`);
        expect({ exitCode, stderr }, line).to.deep.equal({ exitCode: 0, stderr: '' });
      };
      const mayEnter = async (from: string): Promise<boolean> => {
        return (await stage.host.tryDocker('exec', from, ...fetchArgv('10.3.0.2'))).exitCode === 0;
      };
      await eventually(async () => {
        expect(await mayEnter('beside')).to.equal(true);
      });

      expect(await mayEnter('stranger')).to.equal(false);
      expect((await stage.host.exec(fetchArgv('10.3.0.2'), { check: false })).exitCode).to.not.equal(0);
      await ingress(`set alone ${stranger}`);
      expect([await mayEnter('stranger'), await mayEnter('friend'), await mayEnter('beside')]).to.deep.equal([
        true,
        false,
        true,
      ]);
      await ingress('set alone any');
      expect(await mayEnter('friend')).to.equal(true);

      await stage.host.docker('rm', '--force', 'alone', 'beside');
    });

    it('says what is wrong with a list, and where', async () => {
      const network = 'name=apps,driver-opt=routed.egress=10.0.0.0/8+10.1.2.3:90-80';
      const { stderr } = await stage.host.tryDocker('run', '--rm', '--network', network, ...idle);
      expect(stderr).to.contain('character 12: "10.1.2.3:90-80" names ports that end before they start: write 80-90');

      for (const [text, says] of [
        ['""', 'write "none" to allow no destination'],
        ['10.0.0.0/33', '"10.0.0.0/33"'],
      ] as const) {
        const { exitCode, stderr: said } = await type(stage.host, `routed-plugin egress set app ${text}`);
        expect(exitCode, text).to.equal(64);
        expect(said).to.contain(says);
      }
    });

    it(`may be a list of ${ENTRIES} entries, and of 10,000 at most`, async () => {
      const list = (length: number): string =>
        Array.from({ length }, (_, index) => `10.${100 + (index >> 8)}.${index & 255}.0/25:443`).join('\n');
      const setLong = async (length: number): Promise<{ exitCode: number; stderr: string }> => {
        await stage.host.exec(['tee', '/run/list'], { input: list(length) });
        return await type(stage.host, 'routed-plugin egress set app - < /run/list');
      };

      expect(await setLong(ENTRIES)).to.include({ exitCode: 0, stderr: '' });
      expect(await verdictOn('10.100.99.1:443')).to.deep.include({ verdict: 'passes' });
      const { exitCode, stderr } = await setLong(10_001);

      expect(exitCode).to.equal(64);
      expect(stderr).to.contain('10001 entries: at most 10000');
    });
  });
}
