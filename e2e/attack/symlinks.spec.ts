import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { askAdmin } from '../support/admin.ts';
import { createNetwork } from '../support/containers.ts';
import { ENGINES_IN_FULL } from '../support/engines.ts';
import { eventually } from '../support/eventually.ts';
import { type } from '../support/shell.ts';
import { setStage } from '../support/stage.ts';
import { IS_FULL, report } from './support/count.ts';

const TREASURE = '/run/treasure';
const CONTENT = 'not to be touched\n';
const STATE = '/var/lib/routed';

/** Files of the daemon that somebody made a symbolic link of. */
const sockets = ['/run/docker/plugins/routed.sock', '/run/docker/plugins/net-routed.sock', '/run/routed/admin.sock'];
const allFiles = ['LOCK', 'LOG', 'LOG.old', 'CURRENT', '000003.log', 'host-settings.json', 'host-settings.json.new'];

/** The last is the one that it writes by itself, and not LevelDB. */
const stateFiles = IS_FULL ? allFiles : allFiles.slice(-1);

if (ENGINES_IN_FULL.length > 0) {
  describe('attack: symbolic links in the directories of the plugin', () => {
    const stage = setStage({ host: { ipForward: false }, plugin: 'none' });
    const outside = (path: string): string => stage.host.outsidePath(path);

    before(async () => {
      stage.plugin = await stage.host.startPlugin();
      await createNetwork(stage.host, 'n', '10.1.0.0/16', '--ipv6', '--subnet', 'fd00:1::/64');
      await stage.plugin.stop();
    });
    beforeEach(() => writeFile(outside(TREASURE), CONTENT));

    const treasure = (): Promise<string> => readFile(outside(TREASURE), 'utf8');

    for (const path of sockets) {
      it(`are refused where it listens: ${path}`, async () => {
        await mkdir(outside(path.replace(/\/[^/]*$/, '')), { recursive: true });
        await rm(outside(path), { force: true });
        await symlink(TREASURE, outside(path));

        const { exitCode, stderr } = await type(stage.host, 'timeout 20 routed-plugin serve');

        expect(exitCode, stderr).to.equal(1);
        expect(stderr).to.contain(`${path} exists and is not a socket`);
        expect(await treasure()).to.equal(CONTENT);
        await rm(outside(path));
      });
    }

    it(`are not written through in the state directory: ${stateFiles.join(', ')}`, async () => {
      let refused = 0;
      await stage.host.exec(['cp', '-a', STATE, '/run/state-copy']);
      for (const name of stateFiles) {
        const path = outside(`${STATE}/${name}`);
        await rm(path, { force: true });
        await symlink(TREASURE, path);

        // It changes settings of the host in each of its runs, and so writes what it found.
        const plugin = await stage.host.startPlugin();
        await eventually(async () => {
          if (!plugin.hasExited) expect((await askAdmin(stage.host, 'GET', '/readyz')).status).to.equal(200);
        });
        if ((await plugin.stop()) !== 0) refused++;

        expect(await treasure(), name).to.equal(CONTENT);
        await stage.host.exec(['sh', '-c', `rm -rf ${STATE}; cp -a /run/state-copy ${STATE}`]);
      }
      report(
        `symbolic links: ${sockets.length} sockets refused, ${stateFiles.length} files of the state directory, 0 written through, ${refused} starts refused`,
      );
    });

    it('control: who follows a link writes through it', async () => {
      await stage.host.exec(['sh', '-c', `ln -s ${TREASURE} /run/link; echo changed > /run/link`]);

      expect(await treasure()).to.equal('changed\n');
    });

    it('is no obstacle when the directory itself is one, which only root can make', async () => {
      await stage.host.exec(['sh', '-c', `mv ${STATE} /run/elsewhere; ln -s /run/elsewhere ${STATE}`]);

      stage.plugin = await stage.host.startPlugin();

      await stage.host.docker('run', '--rm', '--network', 'n', 'alpine', 'true');
    });
  });
}
