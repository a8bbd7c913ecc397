import { openPluginClient, type PluginClient } from '@routed/plugin-protocol';
import { expect } from 'chai';
import type { CommandResult } from '@routed/lab';
import { createNetwork, runIdle } from '../support/containers.ts';
import { ENGINES_IN_FULL } from '../support/engines.ts';
import { eventually } from '../support/eventually.ts';
import { containerRoutes, kernelState } from '../support/kernel.ts';
import { type } from '../support/shell.ts';
import { setStage } from '../support/stage.ts';
import { echoServer, Traffic } from '../restart-matrix/traffic.ts';
import { count, report } from './support/count.ts';

const STATE = '/var/lib/routed';
const DISK = '/run/attack-disk';
const REMOUNTS = count(1, 5);
const address = '10.1.0.2';
const leaving = '10.1.0.3';
const untouched = { lostPings: [], isConnected: true, brokenLines: [] };
/** Of these the records fill LevelDB's journal of 4 MiB, which then needs a new file. */
const LIST = Array.from({ length: 4_096 }, (_, index) => `10.${64 + (index >> 8)}.${index & 255}.1`).join(',');
const LARGE_ENDPOINTS = 200;

if (ENGINES_IN_FULL.length > 0) {
  describe('attack: a state directory that becomes read-only', () => {
    const stage = setStage({ plugin: 'none' });
    let client: PluginClient;
    let networkId: string;

    const sh = (script: string): Promise<CommandResult> => stage.host.exec(['sh', '-c', script]);
    const run = (): Promise<CommandResult> => stage.host.tryDocker('run', '--rm', '--network', 'n', 'alpine', 'true');
    const create = (name: string, subnet: string): Promise<CommandResult> =>
      stage.host.tryDocker('network', 'create', '-d', 'routed', '--ipam-driver', 'routed', '--subnet', subnet, name);
    const expectReadOnly = async (): Promise<void> => {
      const { stderr } = await type(stage.host, `echo > ${STATE}/control`);
      expect(stderr, 'control').to.contain('Read-only file system');
    };
    const start = async (): Promise<void> => {
      stage.plugin = await stage.host.startPlugin();
    };

    before(async () => {
      // A disk of its own, which can fail.
      await sh(`truncate -s 64M ${DISK} && mkfs.ext4 -q ${DISK} && mkdir -p ${STATE}`);
      await sh(`mount -o loop ${DISK} ${STATE} && rmdir ${STATE}/lost+found`);
      await start();
      await createNetwork(stage.host, 'n', '10.1.0.0/16');
      networkId = await stage.host.docker('network', 'inspect', '--format', '{{.Id}}', 'n');
      await stage.host.docker('run', '-d', '--name', 'web', '--network', 'n', '--ip', address, ...echoServer);
      await runIdle(stage.host, 'leaving', '--network', 'n', '--ip', leaving);
      client = openPluginClient({ socketPath: stage.host.outsidePath(`${stage.host.pluginDir}/routed.sock`) });
    });
    after(() => client.close());

    const idsOf = (index: number) => ({ NetworkID: networkId, EndpointID: index.toString(16).padStart(64, 'f') });

    /** Records endpoints with long lists until one is refused, and returns how many were not, and the refusal. */
    async function fillJournal(): Promise<{ readonly made: number; readonly refusal: string }> {
      for (let made = 0; made < LARGE_ENDPOINTS; made++) {
        const face = { Address: `10.1.8.${made}/32`, AddressIPv6: '', MacAddress: '' };
        try {
          const Options = { 'routed.ingress': LIST };
          await client.call('NetworkDriver.CreateEndpoint', { ...idsOf(made), Interface: face, Options });
        } catch (error) {
          return { made, refusal: (error as Error).message };
        }
      }
      return { made: LARGE_ENDPOINTS, refusal: '' };
    }

    it(`goes on with the files that it has, refuses what needs another, and recovers: ${REMOUNTS} remounts`, async function () {
      this.timeout(300_000);
      const traffic = await Traffic.start(stage.host, address);
      let recorded = 0;
      for (let round = 0; round < REMOUNTS; round++) {
        await sh(`mount --bind ${STATE} ${STATE} && mount -o remount,bind,ro ${STATE}`);
        await expectReadOnly();
        expect((await run()).exitCode, 'what its open files take').to.equal(0);

        const { made, refusal } = await fillJournal();

        expect(refusal).to.match(/state directory \/var\/lib\/routed cannot be written \(.*Read-only file system/);
        const { exitCode, stderr } = await run();
        expect(exitCode, 'and so until the mount is writable').to.equal(125);
        expect(stderr).to.match(/state directory \/var\/lib\/routed cannot be written \(.*Read-only file system/);
        await sh(`mount -o remount,bind,rw ${STATE}`);
        expect(await run(), 'without a restart').to.deep.equal({ exitCode: 0, stdout: '', stderr: '' });
        for (let index = 0; index < made; index++) await client.call('NetworkDriver.DeleteEndpoint', idsOf(index));
        // Its files may be open.
        await sh(`umount --lazy ${STATE}`);
        recorded += made;
      }

      expect(await create('m', '10.2.0.0/16')).to.include({ exitCode: 0 });
      const { lostPings, isConnected, brokenLines } = await traffic.end();
      report(
        `read-only mount: ${REMOUNTS} remounts, ${recorded} large records taken by open files, then refused, ` +
          `then all taken; ${lostPings.length} packets lost`,
      );
      expect({ lostPings, isConnected, brokenLines }).to.deep.equal(untouched);
    });

    it('refuses everything new once the disk has failed, and lets containers go', async () => {
      const traffic = await Traffic.start(stage.host, address);
      // What the kernel does to a file system in which it finds an error.
      await sh(`sync -f ${STATE}; mount -o remount,abort ${STATE}`);
      await expectReadOnly();

      const refusals = [await run(), await create('o', '10.3.0.0/16'), await run()];

      for (const { exitCode, stderr } of refusals) {
        expect(exitCode).to.be.above(0);
        expect(stderr).to.match(
          /state directory \/var\/lib\/routed cannot be written \(.*read-only file system.*\): check the disk, and restart/i,
        );
      }
      await stage.host.docker('rm', '--force', 'leaving');
      expect((await containerRoutes(stage.host)).map(({ dst }) => dst)).to.not.include(leaving);
      const exitCode = await stage.plugin.stop();
      // What it could not write when it stopped, it says.
      const said = (await stage.plugin.log()).split('\n').filter((line) => line.includes('stopping failed'));
      if (exitCode !== 0) console.log(said);
      expect(exitCode, said.join()).to.be.oneOf([0, 1]);
      if (exitCode === 1) expect(said.join()).to.match(/Read-only file system/);
      const { lostPings, isConnected, brokenLines } = await traffic.end();
      report(
        `failed disk: ${refusals.length} of ${refusals.length} commands refused; ${lostPings.length} packets lost`,
      );
      expect({ lostPings, isConnected, brokenLines }).to.deep.equal(untouched);
    });

    it('does not start on it, with one clear error, and touches nothing', async () => {
      await expectReadOnly();
      const before = await kernelState(stage.host);

      const { exitCode, stderr } = await type(stage.host, 'timeout 20 routed-plugin serve');

      expect(exitCode, stderr).to.equal(1);
      expect(stderr).to.match(/^routed-plugin: state directory \/var\/lib\/routed .*EROFS.*--state-dir\n$/);
      expect(await kernelState(stage.host)).to.deep.equal(before);
    });

    it('works again once the disk is whole: nothing lost, nothing left of what went meanwhile', async () => {
      const traffic = await Traffic.start(stage.host, address);
      await sh(`umount ${STATE} && mount -o loop ${DISK} ${STATE}`);
      await start();

      expect(await run()).to.deep.equal({ exitCode: 0, stdout: '', stderr: '' });
      expect(await create('o', '10.3.0.0/16')).to.include({ exitCode: 0 });
      const twice = await stage.host.tryDocker('run', '--rm', '--network', 'n', '--ip', address, 'alpine', 'true');
      expect(twice.exitCode, 'an address that a container has').to.equal(125);
      await eventually(async () => {
        const { stderr } = await stage.host.tryDocker(
          'run',
          '--rm',
          '--network',
          'n',
          '--ip',
          leaving,
          'alpine',
          'true',
        );
        expect(stderr, 'the address of the container that went').to.equal('');
      }, 30_000);
      const { lostPings, isConnected, brokenLines } = await traffic.end();
      expect({ lostPings, isConnected, brokenLines }).to.deep.equal(untouched);
    });
  });
}
