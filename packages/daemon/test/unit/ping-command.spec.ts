import { expect } from 'chai';
import { restore, stub } from 'sinon';
import { runCommandLine } from '../../src/cli/run.ts';

const USAGE = 64;
const UNREACHABLE = 69;
const SOCKET = '/nowhere/admin.sock';

/** Runs a command line in this process, on a host without the daemon: its exit status, and what it complains of. */
async function run(words: readonly string[]): Promise<{ readonly exitCode: unknown; readonly stderr: string }> {
  let stderr = '';
  stub(process.stdout, 'write').returns(true);
  stub(process.stderr, 'write').callsFake((text) => {
    stderr += String(text);
    return true;
  });
  stub(process, 'env').value({ ROUTED_ADMIN_SOCKET: SOCKET });
  const before = process.exitCode;
  process.exitCode = 0;
  try {
    await runCommandLine(words);
    return { exitCode: process.exitCode, stderr };
  } finally {
    process.exitCode = before;
    restore();
  }
}

describe('whois and ping on the command line', () => {
  for (const [argv, says] of [
    [['whois', '10.1.0.300'], "'10.1.0.300' is not an IP address"],
    [['whois'], "missing required argument 'address'"],
    [['ping', '10.1.0.300'], "'10.1.0.300' is not an IP address"],
    [['ping', '10.1.0.2', '--count', '0'], 'expected a number from 1 to 1000000'],
    [['ping', '10.1.0.2', '--size', '70000'], 'expected a number from 28 to 65535'],
    [['ping', 'fd00::1', '--size', '47'], '--size 47: a packet of IPv6 has at least 48 bytes'],
    [['ping', '10.1.0.2', '--interval', 'often'], 'expected a duration such as 500ms, 5s or 2m'],
  ] as const) {
    it(`say what is not understood: ${argv.join(' ')}`, async () => {
      const { exitCode, stderr } = await run(argv);

      expect(stderr).to.contain(says);
      expect(exitCode).to.equal(USAGE);
    });
  }

  for (const argv of [
    ['ping', 'web'],
    ['ping', '10.1.0.2', '--from', 'web'],
  ]) {
    it(`say that nobody knows a container while the daemon is away: ${argv.join(' ')}`, async () => {
      const { exitCode, stderr } = await run(argv);

      expect(stderr).to.contain(`routed-plugin does not answer at ${SOCKET}`);
      expect(exitCode).to.equal(UNREACHABLE);
    });
  }
});
