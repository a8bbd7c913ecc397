import { expect } from 'chai';
import { askAdmin } from './support/admin.ts';
import { createNetwork, idle, inside, ping, runIdle } from './support/containers.ts';
import { NEWEST_OR_EACH } from './support/engines.ts';
import { eventually } from './support/eventually.ts';
import { containerRoutes } from './support/kernel.ts';
import { type } from './support/shell.ts';
import { setStage } from './support/stage.ts';

for (const engine of NEWEST_OR_EACH) {
  describe(`routed-plugin address (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine, engineFlags: ['--live-restore'] } });
    const given = '10.1.0.20';

    const command = async (line: string): Promise<string> => {
      const { stdout, stderr, exitCode } = await type(stage.host, `routed-plugin address ${line}`);
      expect({ exitCode, stderr }, line).to.deep.equal({ exitCode: 0, stderr: '' });
      return stdout.trim();
    };
    const refusal = async (line: string, expected = 1): Promise<string> => {
      const { stdout, stderr, exitCode } = await type(stage.host, `routed-plugin address ${line}`);
      expect({ exitCode, stdout }, line).to.deep.equal({ exitCode: expected, stdout: '' });
      return stderr.trim();
    };
    const add = async (container: string, address: string): Promise<string> => {
      const { status, body } = await askAdmin(stage.host, 'POST', `/v1/containers/${container}/addresses`, { address });
      return status === 200 ? 'done' : (body as { readonly error: { readonly message: string } }).error.message;
    };
    const listed = async (container = ''): Promise<Record<string, string>[]> => {
      const query = container === '' ? '' : `?container=${container}`;
      const { body } = await askAdmin(stage.host, 'GET', `/v1/addresses${query}`);
      return body as Record<string, string>[];
    };
    const entryOf = async (address: string): Promise<Record<string, string> | undefined> =>
      (await listed()).find((entry) => entry['address'] === address);
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

      const row = text.split('\n').find((line) => line.startsWith(given)) ?? '';
      expect(row.split(/ {2,}/).slice(0, 7)).to.deep.equal([
        given,
        'web',
        'mine',
        'added',
        'active',
        'always',
        'yes: always',
      ]);
      expect(json.map(({ address, kind }) => [address, kind])).to.deep.equal([
        ['10.1.0.2', 'docker'],
        [given, 'added'],
      ]);
    });

    it('takes an address of a prefix that the network allows, and gives it back', async () => {
      expect(await add('web', '192.168.7.9')).to.equal('done');
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

      expect(await entryOf(given)).to.include({ container: 'web', network: 'mine', kind: 'added', state: 'stopped' });
      const taken = await stage.host.tryDocker('run', '--rm', '--network', 'mine', '--ip', given, ...idle);
      expect(taken.stderr).to.contain('in use by container web');

      await stage.host.docker('start', 'web');
      await expectReached(given);
    });

    it('keeps the address through a restart of the plugin, and of the engine', async () => {
      await stage.plugin.stop('SIGKILL');
      stage.plugin = await stage.host.startPlugin();
      await expectReached(given);
      expect(await entryOf(given)).to.include({ container: 'web', network: 'mine', kind: 'added', state: 'active' });

      await stage.host.restartEngine();
      await expectReached(given);
      expect((await listed('web')).map(({ address }) => address)).to.include(given);
    });

    it('refuses with the reason, and changes nothing', async () => {
      const before = await listed();
      const id = await stage.host.docker('inspect', '--format', '{{.Id}}', 'web');

      expect(await refusal('add wen 10.1.0.21')).to.contain('container wen is not known to Docker');
      expect(await refusal('list --admin-socket /run/none.sock', 69)).to.contain(
        'does not answer at /run/none.sock (ENOENT)',
      );
      const refusals: readonly (readonly [string, string, RegExp])[] = [
        ['we', '10.1.0.21', /did you mean web/],
        [id.slice(0, 3), '10.1.0.21', /is not known to Docker/],
        ['web', '10.1.0.3', /10\.1\.0\.3 is in use by endpoint [0-9a-f]{12}/],
        ['web', '10.9.0.1', /outside the network's prefixes \(10\.1\.0\.0\/16, 192\.168\.7\.0\/24\)/],
        ['web', '10.1.0.2', /the endpoint has it already/],
        ['web', '224.0.0.5', /outside the network's prefixes/],
        ['web', 'fd00::1', /has no IPv6 address: create the network with --ipv6/],
        ['web', '10.1.0', /"10\.1\.0" is not an address/],
      ];
      for (const [container, address, says] of refusals) expect(await add(container, address)).to.match(says);
      const remove = async (address: string): Promise<string> =>
        JSON.stringify((await askAdmin(stage.host, 'DELETE', `/v1/containers/web/addresses/${address}`)).body);
      expect(await remove('10.1.0.99')).to.contain('does not have address 10.1.0.99 (it has: 10.1.0.2');
      expect(await remove('10.1.0.2')).to.contain('only additional addresses can be removed');
      const nobody = await askAdmin(stage.host, 'GET', '/v1/addresses?container=nobody');
      expect(JSON.stringify(nobody.body)).to.contain('container nobody is not known');

      expect(await listed()).to.deep.equal(before);
    });

    it('takes the start of an id that only one container has', async () => {
      const id = await stage.host.docker('inspect', '--format', '{{.Id}}', 'db');

      expect(await add(id.slice(0, 12), '10.1.0.22')).to.equal('done');

      await expectReached('10.1.0.22');
      await askAdmin(stage.host, 'DELETE', '/v1/containers/db/addresses/10.1.0.22');
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
