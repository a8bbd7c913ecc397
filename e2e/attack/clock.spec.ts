import { writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { createNetwork, ping, runIdle } from '../support/containers.ts';
import { ENGINES_IN_FULL } from '../support/engines.ts';
import { expectNoContainers } from '../support/kernel.ts';
import { type } from '../support/shell.ts';
import { setStage } from '../support/stage.ts';
import { IS_FULL, report } from './support/count.ts';

/** What the plugin's clock says, in the words of libfaketime. The machine's own is not touched. */
const CLOCK_FILE = '/run/attack-clock';
const JUMPS = IS_FULL ? ['+10y', '-10y', '-50y', '+0', '+1h', '-1h'] : ['+10y', '-10y'];

if (ENGINES_IN_FULL.length > 0) {
  describe('attack: a clock that jumps', () => {
    const stage = setStage({ plugin: 'none' });

    /** Only the time of day jumps; what measures durations goes on, as when somebody sets the clock. */
    const startFaked = async (offset: string): Promise<void> => {
      await jump(offset);
      const { stdout } = await stage.host.exec(['sh', '-c', 'ls /usr/lib/*/faketime/libfaketimeMT.so.1']);
      const env = {
        LD_PRELOAD: stdout.trim(),
        FAKETIME_TIMESTAMP_FILE: CLOCK_FILE,
        FAKETIME_NO_CACHE: '1',
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
        DONT_FAKE_MONOTONIC: '1',
      };
      stage.plugin = await stage.host.startPlugin({ env });
    };
    const jump = (offset: string): Promise<void> => writeFile(stage.host.outsidePath(CLOCK_FILE), `${offset}\n`);

    /** The year of the plugin's last event. */
    const yearOfLastEvent = async (): Promise<number> => {
      const { stdout } = await type(stage.host, 'routed-plugin events --json');
      const last = stdout.trim().split('\n').at(-1) ?? '{}';
      return new Date((JSON.parse(last) as { readonly at: string }).at).getUTCFullYear();
    };

    before(async () => {
      await startFaked('+0');
      await createNetwork(stage.host, 'n', '10.1.0.0/16');
      await runIdle(stage.host, 'web', '--network', 'n', '--ip', '10.1.0.2');
    });

    it(`changes nothing: ${JUMPS.join(', ')} while it runs`, async () => {
      const thisYear = new Date().getUTCFullYear();
      const years: number[] = [];
      for (const offset of JUMPS) {
        await jump(offset);
        await stage.host.docker('run', '--rm', '--network', 'n', 'alpine', 'true');
        years.push(await yearOfLastEvent());

        expect((await ping(stage.host, '10.1.0.2')).exitCode, offset).to.equal(0);
        expect(stage.plugin.hasExited, offset).to.equal(false);
      }

      report(
        `clock: ${JUMPS.length} jumps while the plugin runs, 0 with an effect; its events were of ${years.join(', ')}`,
      );
      expect(years.slice(0, 2), 'control: it believes the clock').to.deep.equal([thisYear + 10, thisYear - 10]);
      await jump('+0');
    });

    it('changes nothing between two starts', async () => {
      for (const offset of IS_FULL ? ['+10y', '-10y'] : ['-10y']) {
        await stage.plugin.stop('SIGKILL');
        await startFaked(offset);

        await stage.host.docker('run', '--rm', '--network', 'n', 'alpine', 'true');
        expect((await ping(stage.host, '10.1.0.2')).exitCode, offset).to.equal(0);
        const taken = await stage.host.tryDocker('run', '--rm', '--network', 'n', '--ip', '10.1.0.2', 'alpine', 'true');
        expect(taken.stderr, 'its lease is kept').to.contain('in use by endpoint');
      }
    });

    it('leaves nothing behind', async () => {
      await stage.host.docker('rm', '--force', 'web');
      await expectNoContainers(stage.host);
    });
  });
}
