import { expect } from 'chai';
import { createNetwork, idle, inside, ping, runIdle } from './support/containers.ts';
import { ENGINES } from './support/engines.ts';
import { eventually } from './support/eventually.ts';
import { containerRoutes } from './support/kernel.ts';
import { type } from './support/shell.ts';
import { setStage } from './support/stage.ts';

for (const engine of ENGINES) {
  describe(`routed-plugin address (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine, engineFlags: ['--live-restore'] } });
    const given = '10.1.0.20';

    const command = async (line: string): Promise<string> => {
      const { stdout, stderr, exitCode } = await type(stage.host, `routed-plugin address ${line}`);
      expect({ exitCode, stderr }, line).to.deep.equal({ exitCode: 0, stderr: '' });
      return stdout.trim();
    };
    const refusal = async (line: string): Promise<string> => {
      const { stdout, stderr, exitCode } = await type(stage.host, `routed-plugin address ${line}`);
      expect({ exitCode, stdout }, line).to.deep.equal({ exitCode: 1, stdout: '' });
      return stderr.trim();
    };
    const addresses = async (container: string): Promise<string[]> => {
      const lines = (await inside(stage.host, container, 'ip', '-o', 'address', 'show', 'dev', 'eth0')).split('\n');
      return lines.map((line) => / inet6? (\S+)\/\d+ .*global/.exec(line)?.[1] ?? '').filter((text) => text !== '');
    };
    const expectReached = async (address: string): Promise<void> => {
      await eventually(async () => {
        expect((await ping(stage.host, address)).exitCode, `ping ${address}`).to.equal(0);
      });
    };

    before(async () => {
      await createNetwork(stage.host, 'mine', '10.1.0.0/16', '-o', 'routed.prefixes=192.168.7.0/24');
      await runIdle(stage.host, 'web', '--network', 'mine', '--ip', '10.1.0.2');
      await runIdle(stage.host, 'db', '--network', 'mine', '--ip', '10.1.0.3');
    });

    it('gives a running container an address at once', async () => {
      expect(await command(`add web ${given}`)).to.equal(`web has ${given} on mine`);

      expect((await ping(stage.host, given)).exitCode).to.equal(0);
      expect((await ping(stage.host, given, 'db')).exitCode).to.equal(0);
      expect(await addresses('web')).to.deep.equal(['10.1.0.2', given]);
      expect((await containerRoutes(stage.host)).map(({ dst }) => dst)).to.include(given);
    });

    it('lists who has which address, for people and for programs', async () => {
      const text = await command('list');
      const json = JSON.parse(await command('list web --json')) as Record<string, string>[];

      expect(text.split('\n').map((line) => line.split(/ {2,}/))).to.deep.include([
        given,
        'web',
        'mine',
        'added',
        'active',
      ]);
      expect(json.map(({ address, kind }) => [address, kind])).to.deep.equal([
        ['10.1.0.2', 'docker'],
        [given, 'added'],
      ]);
    });

    it('takes an address of a prefix that the network allows, and gives it back', async () => {
      await command('add web 192.168.7.9');
      await expectReached('192.168.7.9');

      expect(await command('remove web 192.168.7.9')).to.equal('web has 192.168.7.9 no longer');

      expect(await addresses('web')).to.not.include('192.168.7.9');
      expect((await ping(stage.host, '192.168.7.9')).exitCode).to.not.equal(0);
    });

    it('keeps the address through a restart of the container', async () => {
      await stage.host.docker('restart', '--time', '1', 'web');

      await expectReached(given);
      expect(await addresses('web')).to.include(given);
    });

    it('keeps the address, and from others, while the container is stopped', async () => {
      await stage.host.docker('stop', '--time', '1', 'web');

      expect(await command('list')).to.match(/10\.1\.0\.20 +web +mine +added +stopped/);
      const taken = await stage.host.tryDocker('run', '--rm', '--network', 'mine', '--ip', given, ...idle);
      expect(taken.stderr).to.contain('in use by container web');

      await stage.host.docker('start', 'web');
      await expectReached(given);
    });

    it('keeps the address through a restart of the plugin, and of the engine', async () => {
      await stage.plugin.stop('SIGKILL');
      stage.plugin = await stage.host.startPlugin();
      await expectReached(given);
      expect(await command('list')).to.match(/10\.1\.0\.20 +web +mine +added +active/);

      await stage.host.restartEngine();
      await expectReached(given);
      expect(await command('list web')).to.contain(given);
    });

    it('refuses with the reason, and changes nothing', async () => {
      const before = await command('list --json');

      expect(await refusal('add wen 10.1.0.21')).to.contain('container wen is not known to Docker');
      expect(await refusal('add we 10.1.0.21')).to.contain('did you mean web');
      expect(await refusal('add web 10.1.0.3')).to.match(/10\.1\.0\.3 is in use by endpoint [0-9a-f]{12}/);
      expect(await refusal('add web 10.9.0.1')).to.contain(
        "outside of the network's prefixes (10.1.0.0/16, 192.168.7.0/24)",
      );
      expect(await refusal('add web 10.1.0.2')).to.contain('the endpoint has it already');
      expect(await refusal('add web fd00::1')).to.contain('has no IPv6 address: create the network with --ipv6');
      expect(await refusal('add web 10.1.0')).to.contain('"10.1.0" is not an address');
      expect(await refusal('remove web 10.1.0.99')).to.contain('does not have address 10.1.0.99 (it has: 10.1.0.2');
      expect(await refusal('remove web 10.1.0.2')).to.contain('only additional ones can be removed');
      expect(await refusal('list nobody')).to.contain('container nobody is not known');
      expect(await refusal('list --admin-socket /run/none.sock')).to.contain(
        'does not answer at /run/none.sock (ENOENT)',
      );

      expect(await command('list --json')).to.equal(before);
    });

    it('is for root alone', async () => {
      const nobody = 'setpriv --reuid=65534 --regid=65534 --clear-groups';
      const ask = 'curl --silent --show-error --unix-socket /run/routed/admin.sock http://routed/v1/addresses';

      const { stderr, exitCode } = await type(stage.host, `${nobody} ${ask}`);

      // curl: could not connect.
      expect(exitCode, stderr).to.equal(7);
    });

    it('takes the address away with the last command about it', async () => {
      await command(`remove web ${given}`);

      expect(await addresses('web')).to.deep.equal(['10.1.0.2']);
      await stage.host.docker('restart', '--time', '1', 'web');
      expect(await addresses('web')).to.deep.equal(['10.1.0.2']);
    });
  });
}
