import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';

const demo = join(import.meta.dirname, '../../tools/demo');

describe('tools/demo --hosts 3', () => {
  it('shows traffic between hosts, a move and a failure, and leaves nothing', async () => {
    const labs = mkdtempSync('/tmp/routed-demo-');

    const child = spawn(demo, ['--hosts', '3'], {
      env: { ...process.env, ROUTED_LAB_STATE: labs },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [stdout, stderr, exit] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
    const [exitCode] = exit as [number];

    expect({ exitCode, stderr }, stdout).to.deep.equal({ exitCode: 0, stderr: '' });
    expect(stdout).to.contain('web3 on h3').and.to.contain('web1 on h2');
    expect(stdout).to.match(/spine\d is back:/);
    expect(readdirSync(labs)).to.deep.equal([]);
    rmSync(labs, { recursive: true });
  });
});
