import { expect } from 'chai';
import { createNetwork, endpointIdOf, idle, inspect, runIdle } from './support/containers.ts';
import { NEWEST_OR_EACH } from './support/engines.ts';
import { eventually } from './support/eventually.ts';
import { median } from './support/median.ts';
import { type } from './support/shell.ts';
import { setStage } from './support/stage.ts';

const MBIT = 1_000_000;
const [web, other] = ['10.1.0.2', '10.1.0.3'] as const;
/** Headers of a full segment of TCP, which the limit counts as well: 1514 bytes for 1448. */
const WIRE = 1514 / 1448;

interface LimitRow {
  readonly network: string;
  readonly in: string;
  readonly out: string;
  readonly counters: Readonly<Partial<Record<'in' | 'out', { readonly packets: number; readonly delayed: number }>>>;
}

for (const engine of NEWEST_OR_EACH) {
  describe(`how fast packets may go (Docker ${engine})`, function () {
    this.timeout(120_000);
    const stage = setStage({ host: { engine } });

    const command = async (line: string): Promise<string> => {
      const { stdout, stderr, exitCode } = await type(stage.host, `routed-plugin limit ${line}`);
      expect({ exitCode, stderr }, line).to.deep.equal({ exitCode: 0, stderr: '' });
      return stdout;
    };
    const limitsOf = async (container: string): Promise<LimitRow> => {
      const [row] = JSON.parse(await command(`show ${container} --json`)) as [LimitRow];
      return row;
    };
    /** Runs a program of the host in the network of a container. */
    const within = async (container: string, argv: readonly string[]): Promise<string> => {
      const pid = await inspect(stage.host, container, '{{.State.Pid}}');
      return (await stage.host.exec(['nsenter', '--net', '--target', pid, ...argv])).stdout;
    };
    /** How fast TCP goes to a container or from it for a second, in Mbit/s on the wire. */
    const rate = async (direction: 'in' | 'out'): Promise<number> => {
      const pid = await inspect(stage.host, 'web', '{{.State.Pid}}');
      const server = `nsenter --net --target ${pid} iperf3 --server --one-off --daemon`;
      await stage.host.exec(['sh', '-c', server]);
      await eventually(async () => expect(await within('web', ['ss', '-Hltn', 'sport = :5201'])).not.to.equal(''));
      const flags = direction === 'out' ? ['--reverse'] : [];
      const { stdout } = await stage.host.exec(['iperf3', '--client', web, '--json', '--time', '1', ...flags]);
      const report = JSON.parse(stdout) as { end: { sum_received: { bits_per_second: number } } };
      return (report.end.sum_received.bits_per_second * WIRE) / MBIT;
    };
    const expectRate = async (direction: 'in' | 'out', mbit: number): Promise<void> => {
      const first = await rate(direction);
      const near = Math.abs(first / mbit - 1) < 0.1;
      const measured = near ? first : median([first, await rate(direction), await rate(direction)]);
      expect(measured / mbit, direction).to.be.closeTo(1, 0.1);
    };

    before(async () => {
      await createNetwork(
        stage.host,
        'apps',
        '10.1.0.0/16',
        '-o',
        'routed.rate-in=20mbit',
        '-o',
        'routed.rate-out=10mbit',
      );
      await runIdle(stage.host, 'web', '--network', 'apps', '--ip', web);
      const off = 'driver-opt=routed.rate-in=off,driver-opt=routed.rate-out=off';
      await runIdle(stage.host, 'other', '--network', `name=apps,ip=${other},${off}`);
    });

    it('are what the network says, both ways', async () => {
      await expectRate('in', 20);
      await expectRate('out', 10);

      const limits = await limitsOf('web');
      expect(limits).to.deep.include({ network: 'apps', in: '20mbit', out: '10mbit' });
      expect(limits.counters.in?.delayed).to.be.greaterThan(0);
      expect(await command('show web')).to.match(
        /^NETWORK +DIRECTION +RATE +PASSED +DELAYED +DROPPED\napps +in +20mbit +\d+ +\d+ +\d+\napps +out +10mbit /,
      );
    });

    it('are not those of a container that says so', async () => {
      expect(await limitsOf('other')).to.deep.include({ in: 'off', out: 'off', counters: {} });
    });

    it('change while it runs, and hold when it is restarted', async () => {
      await command('set web --in 40mbit --out off');
      expect(await rate('out')).to.be.greaterThan(40);

      await stage.host.docker('restart', '--time', '1', 'web');

      await eventually(async () => {
        expect(await limitsOf('web')).to.deep.include({ in: '40mbit', out: 'off' });
      });
      await expectRate('in', 40);
    });

    it('hold when the plugin is killed, which gives back what was taken away meanwhile', async () => {
      await command('set web --in 20mbit --out 10mbit');
      await stage.plugin.stop('SIGKILL');
      const link = `vethr${(await endpointIdOf(stage.host, 'web', 'apps')).slice(0, 10)}`;
      await stage.host.exec(['tc', 'qdisc', 'del', 'dev', link, 'root']);

      stage.plugin = await stage.host.startPlugin();

      await eventually(async () => {
        expect((await limitsOf('web')).counters).to.have.all.keys('in', 'out');
      });
      await expectRate('out', 10);
    });

    it('are back at once when somebody takes away a part of them, and that is told', async () => {
      const id = (await endpointIdOf(stage.host, 'web', 'apps')).slice(0, 10);
      const repairs = async (): Promise<number> =>
        (await type(stage.host, `routed-plugin events ${web}`)).stdout.split('set-limit').length - 1;
      const damages = [`ip link delete ifbr-${id}`, `tc qdisc replace dev vethr${id} root pfifo`];
      for (const damage of damages) {
        const before = await repairs();

        await stage.host.exec(damage.split(' '));

        // A round comes every 30 s only.
        await eventually(async () => expect(await repairs(), damage).to.be.above(before), 10_000);
        expect((await limitsOf('web')).counters, damage).to.have.all.keys('in', 'out');
      }
    });

    const refused: readonly (readonly [string, RegExp])[] = [
      ['100', /driver option routed\.rate-in=100: rate 100 has no unit: write 100mbit or 100kbit/],
      ['0mbit', /rate 0mbit is too low: give at least 8kbit, or off/],
      ['50gbit', /rate 50gbit is too high: give at most 34359738360bit/],
      ['1gbit burst 2k', /burst 2048b is too small for that rate and MTU \d+: give at least 125000b, or no burst/],
    ];
    for (const [text, says] of refused) {
      it(`cannot be ${JSON.stringify(text)}: Docker's user is told why`, async () => {
        const argv = ['network', 'create', '-d', 'routed', '--ipam-driver', 'routed', '--subnet', '10.2.0.0/16'];

        const { exitCode, stderr } = await stage.host.tryDocker(...argv, '-o', `routed.rate-in=${text}`, 'bad');

        expect(exitCode).not.to.equal(0);
        expect(stderr).to.match(says);
      });
    }

    it('are limits of an endpoint as well, and refused there', async () => {
      const network = 'name=apps,driver-opt=routed.rate-out=fast';

      const { stderr } = await stage.host.tryDocker('run', '--rm', '--network', network, ...idle.slice(0, 1), 'true');

      expect(stderr).to.contain('driver option routed.rate-out=fast: "fast": expected a rate such as 100mbit');
    });

    it('refuse what a command cannot mean, and change nothing', async () => {
      const { exitCode, stderr } = await type(stage.host, 'routed-plugin limit set web --in -5mbit');

      expect(exitCode).to.equal(64);
      expect(stderr).to.contain('--in -5mbit: rate -5mbit is too low: give at least 8kbit, or off for no limit');
      expect(await limitsOf('web')).to.deep.include({ in: '20mbit' });
    });
  });
}
