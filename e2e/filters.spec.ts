import { expect } from 'chai';
import { addressSeenBy, createNetwork, fetchArgv, idle, ping, runIdle, webServer } from './support/containers.ts';
import { NEWEST_OR_EACH } from './support/engines.ts';
import { eventually } from './support/eventually.ts';
import { start, type } from './support/shell.ts';
import { medianOfThree } from './support/median.ts';
import { setStage } from './support/stage.ts';

const [web, friend, stranger] = ['10.1.0.2', '10.1.0.3', '10.1.0.4'] as const;

for (const engine of NEWEST_OR_EACH) {
  describe(`who may talk to whom (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine } });

    const runWeb = async (...options: string[]): Promise<void> => {
      const network = `name=apps,ip=${web}${options.map((option) => `,driver-opt=${option}`).join('')}`;
      await stage.host.docker('run', '--detach', '--name', 'web', '--network', network, ...webServer);
    };
    const command = async (line: string): Promise<string> => {
      const { stdout, stderr, exitCode } = await type(stage.host, `routed-plugin ingress ${line}`);
      expect({ exitCode, stderr }, line).to.deep.equal({ exitCode: 0, stderr: '' });
      return stdout;
    };
    /** How long a container waits until it is told that it may not enter, in milliseconds. */
    const timeRefusal = async (from: string): Promise<number> => {
      const started = performance.now();
      const { exitCode, stderr } = await stage.host.tryDocker('exec', from, ...fetchArgv(web));
      expect(exitCode, stderr).to.not.equal(0);
      expect(stderr).to.match(/refused/i);
      return performance.now() - started;
    };
    const mayEnter = (from: string): Promise<void> =>
      eventually(async () => {
        expect(await addressSeenBy(stage.host, web, from)).to.equal(from === 'friend' ? friend : stranger);
      });

    before(async () => {
      await createNetwork(stage.host, 'apps', '10.1.0.0/16');
      await createNetwork(stage.host, 'trusted', '10.2.0.0/16', '-o', 'routed.spoof=allow');
      const capabilities = ['--cap-add', 'NET_ADMIN'];
      await runIdle(stage.host, 'friend', '--network', 'apps', '--ip', friend, ...capabilities);
      await runIdle(stage.host, 'stranger', '--network', 'apps', '--ip', stranger, ...capabilities);
    });

    describe('a container with an allow list', () => {
      before(() => runWeb(`routed.ingress=${friend}`));
      after(() => stage.host.docker('rm', '--force', 'web'));

      it('is entered by whom the list names, and refused to others at once', async () => {
        await mayEnter('friend');

        // One command of Docker's takes most of it; who is not refused but dropped waits for three seconds.
        expect(await medianOfThree(() => timeRefusal('stranger'))).to.be.below(1_500);
        expect((await ping(stage.host, web, 'stranger')).exitCode).to.not.equal(0);
      });

      it('itself reaches whom it likes, and is answered', async () => {
        expect((await ping(stage.host, stranger, 'web')).exitCode).to.equal(0);
      });

      it('takes another list while it runs, and keeps it through a restart', async () => {
        await command(`set web "${stranger}, 10.9.0.0/16"`);
        await mayEnter('stranger');
        await timeRefusal('friend');

        await stage.host.docker('restart', '--time', '1', 'web');

        await mayEnter('stranger');
        await eventually(() => timeRefusal('friend'));
      });

      it('tells who may enter, and how many were refused', async () => {
        const [status] = JSON.parse(await command('show web --json')) as [
          { network: string; ingress: string; counters: { refused: number } },
        ];

        expect(status).to.deep.include({ network: 'apps', ingress: `${stranger},10.9.0.0/16`, spoof: 'strict' });
        expect(status.counters.refused).to.be.above(0);
        expect(await command('show web')).to.match(
          /^NETWORK +ALLOWED SOURCES +SPOOFING +MODE +EXAMINED +REFUSED +SPOOFED\napps/,
        );
      });

      it('tells who was refused, also as it happens, and why asks the filters of both ends', async () => {
        const rule = `not in routed\\.ingress=${stranger},10\\.9\\.0\\.0/16`;
        const line = new RegExp(`refused  ingress  web on apps: ${friend} -> ${web} port 80/tcp: ${rule}\n`);
        const followed = await start(stage.host, 'routed-plugin events --refused --follow', 'refused');
        try {
          await eventually(async () => {
            await timeRefusal('friend');
            expect(await followed.log()).to.match(line);
          }, 20_000);
          expect((await type(stage.host, 'routed-plugin refused web')).stdout).to.match(
            /^web on apps: [1-9]\d* refused on their way in, 0 on their way out, 0 with addresses of others\n/,
          );
          expect((await type(stage.host, 'routed-plugin refused web')).stdout).to.match(line);
          expect((await type(stage.host, 'routed-plugin refused friend')).stdout).to.not.match(line);
        } finally {
          await followed.stop();
        }
        const why = async (from: string): Promise<string> =>
          (await type(stage.host, `routed-plugin why web --from ${from} --port 80/tcp`)).stdout;
        expect(await why('friend')).to.match(/ingress from +BROKEN +it is refused at web on apps: no entry allows it/);
        expect(await why('friend')).to.match(/egress from +ok +it passes at friend on apps: there is no list/);
        expect(await why(stranger)).to.match(
          new RegExp(`ingress from +ok +it passes at web on apps: entry ${stranger}`),
        );
        expect(await why('10.8.0.1')).to.match(/egress from +\? +10\.8\.0\.1 is no container of this host: ask there/);
      });

      it('is open to everybody, or to nobody, when told so', async () => {
        await command('set web any');
        await mayEnter('friend');

        await command('set web none');
        await timeRefusal('stranger');
        const { stdout } = await type(stage.host, 'routed-plugin why web');
        expect(stdout).to.match(/ingress +BROKEN +nobody may enter: routed\.ingress=none/);
      });

      it('keeps its list when the plugin is restarted', async () => {
        await stage.plugin.stop('SIGKILL');
        stage.plugin = await stage.host.startPlugin();

        await timeRefusal('stranger');
        await command(`set web ${friend}`);
        await mayEnter('friend');
      });
    });

    describe('a container of a strict network', () => {
      const sendFrom = (container: string, address: string) =>
        stage.host.tryDocker(
          'exec',
          container,
          'sh',
          '-c',
          `ip address add ${address}/32 dev lo; ping -c 1 -W 1 -I ${address} ${friend}; ip address del ${address}/32 dev lo`,
        );

      it('cannot send from an address that it does not have', async () => {
        const before = await spoofed();

        await sendFrom('stranger', '10.1.0.77');

        expect(await spoofed()).to.be.above(before);
      });

      it('can, where the network allows it', async () => {
        await runIdle(stage.host, 'router', '--network', 'trusted', '--cap-add', 'NET_ADMIN');
        const capture = stage.host.exec(['timeout', '5', 'tcpdump', '-n', '-c', '1', '-i', 'any', 'src', '10.2.0.77'], {
          check: false,
        });

        await eventually(async () => {
          await sendFrom('router', '10.2.0.77');
          expect((await Promise.race([capture, Promise.resolve(undefined)]))?.stdout ?? '').to.contain('10.2.0.77');
        }, 6_000);

        await stage.host.docker('rm', '--force', 'router');
      });

      const spoofed = async (): Promise<number> => {
        const [status] = JSON.parse(await command('show stranger --json')) as [{ counters: { spoofed: number } }];
        return status.counters.spoofed;
      };
    });

    describe('containers whose connections are not tracked', () => {
      const [server, client] = ['10.5.0.2', '10.5.0.3'] as const;
      /** The connections that the host tracks of the server: those that ended too. */
      const trackedBy = async (from: string): Promise<number> => {
        await stage.host.exec(['conntrack', '-F']);
        expect((await stage.host.docker('exec', from, ...fetchArgv(server))).length).to.be.above(0);
        const { stdout } = await stage.host.exec(['conntrack', '-L', '-p', 'tcp', '-d', server]);
        return stdout.split('\n').filter((line) => line.startsWith('tcp')).length;
      };

      before(async () => {
        await createNetwork(stage.host, 'loose', '10.5.0.0/16', '-o', 'routed.conntrack=off');
        await stage.host.docker(
          'run',
          '--detach',
          '--name',
          'server',
          '--network',
          'loose',
          '--ip',
          server,
          ...webServer,
        );
        await runIdle(stage.host, 'client', '--network', 'loose', '--ip', client);
        await eventually(async () => {
          expect(await addressSeenBy(stage.host, server, 'client')).to.equal(client);
        });
      });

      it('leave no entry, and those of others with them do', async () => {
        expect(await trackedBy('client')).to.equal(0);
        expect(await trackedBy('friend')).to.equal(1);
        expect((await type(stage.host, 'routed-plugin status')).stdout).to.contain(', not tracked');
      });

      it('take no list, and say what to do', async () => {
        const { stderr, exitCode } = await type(stage.host, 'routed-plugin ingress set server none');
        expect(exitCode).to.not.equal(0);
        expect(stderr).to.contain('has routed.conntrack=off on network loose, and lists need connection tracking');
      });

      it('stay so when the rules are flushed, and when the plugin is restarted', async () => {
        await stage.host.exec(['nft', 'delete', 'table', 'inet', 'routed']);
        await eventually(async () => {
          expect(await trackedBy('client')).to.equal(0);
        }, 20_000);

        await stage.plugin.stop('SIGKILL');
        stage.plugin = await stage.host.startPlugin();

        expect(await trackedBy('client')).to.equal(0);
        await stage.host.docker('rm', '--force', 'server', 'client');
        await stage.host.docker('network', 'rm', 'loose');
        await eventually(async () => {
          const { stdout } = await stage.host.exec(['nft', 'list', 'set', 'inet', 'routed', 'untracked_between']);
          expect(stdout).to.not.contain('elements');
        });
      });
    });

    describe('in the end', () => {
      it('says what is wrong with a list, and where', async () => {
        const network = 'name=apps,driver-opt=routed.ingress=10.0.0.0/8+10.1.2.3.4';
        const { stderr } = await stage.host.tryDocker('run', '--rm', '--network', network, ...idle);
        expect(stderr).to.contain('driver option routed.ingress=10.0.0.0/8+10.1.2.3.4').and.to.contain('"10.1.2.3.4"');

        const bad = await type(stage.host, 'routed-plugin ingress set friend "10.0.0.0/33"');
        expect(bad.exitCode).to.equal(64);
        expect(bad.stderr).to.contain('"10.0.0.0/33"');
      });

      it('leaves no filter behind', async () => {
        await stage.host.docker('rm', '--force', 'friend', 'stranger', 'web');

        await eventually(async () => {
          const { stdout } = await stage.host.exec(['nft', 'list', 'set', 'inet', 'routed', 'strict']);
          expect(stdout).to.not.contain('vethr');
        });
      });
    });
  });
}
