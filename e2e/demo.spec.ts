import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { NEWEST_OR_EACH } from './support/engines.ts';
import { eventually } from './support/eventually.ts';

const tools = join(import.meta.dirname, '../tools');

/** What a command of this repository did. */
interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

describe('tools/demo', () => {
  let labs: string;

  beforeEach(() => {
    // A folder of its own tells the demo's lab from those of other tests.
    labs = mkdtempSync('/tmp/routed-demo-');
  });

  afterEach(() => {
    rmSync(labs, { recursive: true });
  });

  for (const engine of NEWEST_OR_EACH) {
    it(`shows a container's way from nothing to nothing (Docker ${engine})`, async () => {
      const { exitCode, stdout, stderr } = await run(['demo', '--engine', engine], labs);

      expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: '' });
      expect(stdout).to.include('# docker run -ti --net=mine --ip 10.1.0.2 alpine sh\n');
      expect(stdout).to.match(/ip route\ndefault via 10\.200\.0\.1 dev eth0/);
      expect(stdout).to.match(/\n10\.1\.0\.2 dev vethr[0-9a-f]{10} scope link/);
      expect(stdout).to.include('# wget -q -O - http://10.1.0.3/\nhello from 10.1.0.3\n');
      expect(stdout).to.include('# ip route show proto 200\n(nothing)\n');
      expect(stdout).to.include('What to try next');
      expect(traces(labs)).to.deep.equal([]);
    });
  }

  it('leaves the host to its user with --keep', async () => {
    const demo = await run(['demo', '--keep'], labs);
    const fetch = await run(['lab/lab', 'docker', 'h1', 'exec', 'one', 'wget', '-q', '-O', '-', 'localhost'], labs);
    const down = await run(['lab/lab', 'down', 'demo'], labs);

    expect(demo.stdout).to.include('tools/lab/lab down demo');
    expect([demo.exitCode, fetch.stdout, down.exitCode]).to.deep.equal([0, 'hello from one\n', 0]);
    expect(traces(labs)).to.deep.equal([]);
  });

  it('leaves nothing when it is interrupted', async () => {
    const demo = spawn(join(tools, 'demo'), { env: environment(labs), stdio: ['ignore', 'pipe', 'pipe'] });
    const exited = once(demo, 'exit');
    const stderr = text(demo.stderr);
    let stdout = '';
    demo.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    await eventually(() => Promise.resolve(expect(stdout).to.include('alpine sh')), 60_000);

    demo.kill('SIGINT');
    const [exitCode] = (await exited) as [number];

    expect(exitCode).to.equal(130);
    expect(await stderr).to.equal('tools/demo: ended by SIGINT\n');
    // The client of the container's shell notices a moment later.
    await eventually(() => Promise.resolve(expect(traces(labs)).to.deep.equal([])));
  });

  it('says which option it does not know', async () => {
    const outcome = await run(['demo', '--engine', '17'], labs);

    expect(outcome.exitCode).to.equal(2);
    expect(outcome.stderr).to.equal('tools/demo: --engine expects 20.10, 26 or 28\n');
  });
});

async function run([tool = '', ...args]: readonly string[], labs: string): Promise<Outcome> {
  const child = spawn(join(tools, tool), args, { env: environment(labs), stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, exit] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  const [exitCode] = exit as [number];
  return { exitCode, stdout, stderr };
}

function environment(labs: string): NodeJS.ProcessEnv {
  return { ...process.env, ROUTED_LAB_STATE: labs };
}

/** Files, mounts and processes that still belong to a lab in this folder. */
function traces(labs: string): string[] {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return [
    ...readdirSync(labs),
    ...mounts.filter((line) => line.includes(labs)),
    ...pids.filter((pid) => environmentOf(pid).includes(`ROUTED_LAB_STATE=${labs}`)),
  ];
}

function environmentOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    // It ended while we looked.
    return [];
  }
}
