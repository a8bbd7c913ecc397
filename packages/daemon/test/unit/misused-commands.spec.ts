import { expect } from 'chai';
import { restore, stub } from 'sinon';
import { runCommandLine } from '../../src/cli/run.ts';

const USAGE = 64;

describe('a command line of selftest, top or bundle', () => {
  /** Runs it in this process: what it complains of, and the exit status that it sets. */
  async function run(words: readonly string[]): Promise<{ readonly exitCode: unknown; readonly stderr: string }> {
    let stderr = '';
    stub(process.stderr, 'write').callsFake((text) => {
      stderr += String(text);
      return true;
    });
    const before = process.exitCode;
    try {
      await runCommandLine(words);
      return { exitCode: process.exitCode, stderr };
    } finally {
      process.exitCode = before;
      restore();
    }
  }

  for (const [argv, says] of [
    [['selftest', '--peer', '10.9.0.1'], 'error: --peer needs --network'],
    [['selftest', '--network', 'apps', '--peer', '10.9.0.300'], "'10.9.0.300' is not an IP address"],
    [['top', '--interval', '0'], 'expected seconds, from 0.1 to 3600'],
    [
      ['top', '--sort', 'size'],
      "argument 'size' is invalid. Allowed choices are in, out, packets, refused, limit, name.",
    ],
    [['bundle', '--ouput', 'a'], "error: unknown option '--ouput'\n(Did you mean --output?)"],
  ] as const) {
    it(`that is not understood says why: ${argv.join(' ')}`, async () => {
      const { exitCode, stderr } = await run(argv);

      expect(stderr).to.contain(says);
      expect(exitCode).to.equal(USAGE);
    });
  }
});
