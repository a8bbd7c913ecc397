import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createProgram } from '../../src/cli/program.ts';
import { warmUp } from '../../src/serve/warm-up.ts';

describe('the start that packages are built with', () => {
  it('answers its own calls, and leaves nothing behind', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'routed-test-'));
    const { env } = process;
    // Those of a test run are no options of the program.
    const others = Object.entries(env).filter(([name]) => !name.startsWith('ROUTED_'));
    process.env = { ...Object.fromEntries(others), TMPDIR: folder };
    try {
      await warmUp(createProgram('1'));
      expect(await readdir(folder)).to.deep.equal([]);
    } finally {
      process.env = env;
      await rm(folder, { recursive: true });
    }
  });
});
