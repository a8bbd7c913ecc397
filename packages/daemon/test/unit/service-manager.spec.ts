import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import sinon from 'sinon';
import { tellServiceManager } from '../../src/serve/service-manager.ts';

describe('the service manager that waits for the daemon', () => {
  const warn = sinon.spy();
  const logger = { debug: () => undefined, info: () => undefined, warn, error: () => undefined };
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'routed-notify-'));
    warn.resetHistory();
    sinon.stub(process.env, 'PATH').value(`${directory}:${process.env['PATH'] ?? ''}`);
  });
  afterEach(async () => {
    sinon.restore();
    await rm(directory, { recursive: true });
  });

  /** Stands in for systemd's own program. */
  async function program(script: string): Promise<void> {
    const path = join(directory, 'systemd-notify');
    await writeFile(path, `#!/bin/sh\n${script}\n`);
    await chmod(path, 0o755);
  }

  it('is told that the daemon serves (Type=notify)', async () => {
    await program(`echo "$@" >${directory}/told`);

    await tellServiceManager({ NOTIFY_SOCKET: '/run/systemd/notify' }, logger);

    expect(await readFile(join(directory, 'told'), 'utf8')).to.equal('--ready\n');
    expect(warn.callCount).to.equal(0);
  });

  it('is told nothing where there is none', async () => {
    await program(`echo "$@" >${directory}/told`);

    await tellServiceManager({}, logger);

    expect(await readFile(join(directory, 'told'), 'utf8').catch(() => 'nothing')).to.equal('nothing');
  });

  it('costs the daemon nothing but a warning when it cannot be told', async () => {
    await program('echo no such socket >&2; exit 1');

    await tellServiceManager({ NOTIFY_SOCKET: '/run/systemd/notify' }, logger);

    expect(String((warn.firstCall.args[0] as { err: Error }).err)).to.contain('no such socket');
  });
});
