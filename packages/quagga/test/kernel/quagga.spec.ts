import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type Server, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { applyConfiguration } from '../../src/apply/apply.ts';
import { isQuaggaError } from '../../src/errors.ts';
import { parseDocument } from '../../src/preset/document.ts';
import { DAEMON_DIRS, tryOnQuagga } from '../../src/check/check.ts';
import { render } from '../../src/render/render.ts';
import { goldenModel, goldenNames, renderGolden } from '../support/golden.ts';

const { model } = parseDocument({
  preset: 'lan',
  routerId: '10.0.0.1',
  containers: ['10.112.0.0/12'],
  interfaces: { eth1: {} },
});
const config = render(model, 'quagga');

/** A vty socket that answers every line with success. */
async function answerOn(path: string): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('data', (chunk) => chunk.filter((byte) => byte === 0).forEach(() => socket.write(Buffer.alloc(4))));
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return server;
}

// Quagga itself is not packaged any more: its daemons are stood in for by scripts and sockets.
describe('applying to Quagga', () => {
  let dir: string;
  let servers: Server[];

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'quagga-test-'));
    servers = [];
    for (const folder of ['etc', 'run', 'lib']) await mkdir(join(dir, folder));
    await writeFile(join(dir, 'etc/ospfd.conf'), '! old\n', { mode: 0o600 });
  });
  afterEach(async () => {
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    await rm(dir, { recursive: true });
  });

  const options = () => ({
    vtyDir: join(dir, 'run'),
    configDir: join(dir, 'etc'),
    daemonDir: join(dir, 'lib'),
    allow: 'restart' as const,
    restartDeadlineMs: 200,
  });
  const ospfdFile = (): Promise<string> => readFile(join(dir, 'etc/ospfd.conf'), 'utf8');

  async function installDaemons(status: number): Promise<void> {
    for (const daemon of ['zebra', 'ospfd']) {
      await writeFile(join(dir, 'lib', daemon), `#!/bin/sh\necho "There is no such command." >&2\nexit ${status}\n`);
      await chmod(join(dir, 'lib', daemon), 0o755);
    }
  }

  it('writes the files, restarts and keeps a copy of what was there', async () => {
    servers = await Promise.all(['zebra', 'ospfd'].map((daemon) => answerOn(join(dir, 'run', `${daemon}.vty`))));

    const { effect } = await applyConfiguration(config, { ...options(), restartCommand: `touch ${dir}/restarted` });

    expect(effect).to.equal('restart');
    expect(await ospfdFile()).to.equal(config.files.find((file) => file.name === 'ospfd.conf')!.text);
    expect(await readFile(join(dir, 'etc/ospfd.conf.before-quagga-config'), 'utf8')).to.equal('! old\n');
    expect(await readFile(join(dir, 'restarted'), 'utf8')).to.equal('');
  });

  it('puts the old files back when a daemon does not come up', async () => {
    servers = [await answerOn(join(dir, 'run/zebra.vty'))];

    const error = await applyConfiguration(config, { ...options(), restartCommand: 'true' }).catch((e: unknown) => e);

    expect(String(error)).to.include('rolled back: not running after the restart: ospfd');
    expect(await ospfdFile()).to.equal('! old\n');
  });

  it('changes nothing when a daemon refuses its file', async () => {
    await installDaemons(1);

    const error = await applyConfiguration(config, { ...options(), restartCommand: `touch ${dir}/restarted` }).catch(
      (reason: unknown) => reason,
    );

    expect(isQuaggaError(error, 'CHECKER_REFUSED'), String(error)).to.equal(true);
    expect(String(error)).to.include('zebra.conf: There is no such command.');
    expect(await ospfdFile()).to.equal('! old\n');
  });

  it('changes nothing without leave to restart, or without a command for it', async () => {
    const noLeave = await applyConfiguration(config, { ...options(), allow: 'flaps' }).catch((e: unknown) => e);
    const noCommand = await applyConfiguration(config, options()).catch((e: unknown) => e);

    expect(String(noLeave)).to.include('allow restart to continue');
    expect(String(noCommand)).to.include('give the command that restarts');
    expect(await ospfdFile()).to.equal('! old\n');
  });
});

// On a machine with Quagga, built from source; test/unit/render/quagga-syntax.spec.ts reads the same files elsewhere.
if (existsSync(DAEMON_DIRS.quagga))
  describe('golden files on real Quagga daemons', () => {
    const supported = goldenNames().filter((name) => !renderGolden(name, 'quagga').has('quagga/unsupported.txt'));
    for (const name of supported)
      it(`${name} is read whole`, async () => {
        await tryOnQuagga(render(goldenModel(name, 'quagga'), 'quagga'));
      });
  });
