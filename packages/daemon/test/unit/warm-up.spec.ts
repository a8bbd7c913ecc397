import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createProgram } from '../../src/cli/program.ts';
import { warmUp } from '../../src/serve/warm-up.ts';

describe('the start that packages are built with', () => {
  it('answers its own calls, and leaves nothing behind', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'routed-test-'));
    const before = process.env['TMPDIR'];
    process.env['TMPDIR'] = folder;
    try {
      await warmUp(createProgram('1'));
      expect(await readdir(folder)).to.deep.equal([]);
    } finally {
      if (before === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = before;
      await rm(folder, { recursive: true });
    }
  });
});
