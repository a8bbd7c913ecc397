import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { claimSocketPath } from '../../src/socket-file.ts';
import { messageOf } from '../../../store/test/unit/support/message-of.ts';

describe('claimSocketPath', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'routed-socket-'));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  async function listenAt(path: string): Promise<Server> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(path, resolve));
    return server;
  }

  it('makes the directory', async () => {
    await claimSocketPath(join(directory, 'docker', 'plugins', 'routed.sock'));
    await claimSocketPath(join(directory, 'docker', 'plugins', 'routed.sock'));

    expect(await readdir(join(directory, 'docker'))).to.deep.equal(['plugins']);
  });

  it('removes the socket file that a dead process left', async () => {
    const path = join(directory, 'routed.sock');
    const program = `require('node:net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
    spawnSync(process.execPath, ['-e', program, path]);
    expect(await readdir(directory)).to.include('routed.sock');

    await claimSocketPath(path);

    expect(await readdir(directory)).to.not.include('routed.sock');
  });

  it('refuses the socket of a living process and leaves it alone', async () => {
    const path = join(directory, 'routed.sock');
    const server = await listenAt(path);

    expect(await messageOf(claimSocketPath(path))).to.equal(`another process is serving ${path}: stop it first`);

    expect(await readdir(directory)).to.deep.equal(['routed.sock']);
    await new Promise((resolve) => server.close(resolve));
  });

  it('refuses to remove a file that is no socket', async () => {
    const path = join(directory, 'routed.sock');
    await writeFile(path, 'precious');

    expect(await messageOf(claimSocketPath(path))).to.equal(`${path} exists and is not a socket: move it away`);
  });

  it('names the plugin directory that cannot be made', async () => {
    await writeFile(join(directory, 'plugins'), '');

    expect(await messageOf(claimSocketPath(join(directory, 'plugins', 'routed.sock')))).to.match(
      /^directory .*plugins is not writable .* --plugin-dir/,
    );
  });

  it('gives up where the file system has no new directories', async () => {
    expect(await messageOf(claimSocketPath('/proc/plugins/routed.sock'))).to.contain(
      'directory /proc/plugins is not writable',
    );
  });

  it('refuses a path that no unix socket can have', async () => {
    const path = join(directory, 'x'.repeat(108));

    expect(await messageOf(claimSocketPath(path))).to.contain('is longer than 107 bytes');
  });
});
