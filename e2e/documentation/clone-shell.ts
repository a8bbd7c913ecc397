import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { type CommandOptions, type CommandResult, LabError, runCommand } from '@routed/lab';
import { REPOSITORY } from '../../tools/documentation/markdown.ts';
import { onTerminal } from '../support/shell.ts';
import type { Running, Shell } from './shell.ts';

/** The pages whose commands are typed in a clone, on the machine itself. */
export const CLONE_PAGES = [
  'CONTRIBUTING.md',
  'docs/reference/performance.md',
  'docs/security.md',
  'tools/lab/README.md',
  'e2e/README.md',
  'e2e/cluster/README.md',
] as const;

const labs = '/tmp/routed-lab';
const lineMs = 100_000;

/** A shell in this clone, on the machine itself; its labs and its loopback are its own. */
export class CloneShell implements Shell {
  readonly #keeper: ChildProcess;
  readonly #labs: string;
  readonly #folder: string;

  private constructor(keeper: ChildProcess, ownLabs: string, folder: string) {
    this.#keeper = keeper;
    this.#labs = ownLabs;
    this.#folder = folder;
  }

  static async open(): Promise<CloneShell> {
    await mkdir(labs, { recursive: true });
    const ownLabs = await mkdtemp(`${labs}/clone-`);
    const prepare = `ip link set lo up && mount --bind ${ownLabs} ${labs} && echo ready && exec sleep infinity`;
    const namespaces = 'unshare --net --mount --propagation private -- sh -c'.split(' ');
    const keeper = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...namespaces, prepare], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(createInterface({ input: keeper.stdout }), 'line');
    return new CloneShell(keeper, ownLabs, REPOSITORY);
  }

  /** The same shell in another folder. */
  in(folder: string): CloneShell {
    return new CloneShell(this.#keeper, this.#labs, folder);
  }

  async run(line: string, options: CommandOptions = {}): Promise<CommandResult> {
    return this.#run(['sh', '-c', this.#inFolder(line)], options);
  }

  async runOnTerminal(line: string, input: string): Promise<CommandResult> {
    // A question is given up when the terminal is closed while it is being answered.
    return this.#run(onTerminal(this.#inFolder(line)), { input, holdsInput: true });
  }

  start(line: string): Running {
    const [program = '', ...args] = this.#enter(['sh', '-c', this.#inFolder(`exec ${line}`)]);
    return new StartedLine(spawn(program, args, { env: environment(), detached: true }));
  }

  serve(line: string): Promise<void> {
    throw new LabError('no-engine', `${line}: no page has the plugin started on the machine itself`);
  }

  /** Removes the labs that the reader has left, and returns which. */
  async close(): Promise<readonly string[]> {
    const left = await readdir(this.#labs);
    if (left.length > 0) await this.run('tools/lab/lab down --all');
    const ended = once(this.#keeper, 'exit');
    this.#keeper.kill('SIGKILL');
    await ended;
    await rm(this.#labs, { recursive: true });
    return left;
  }

  async #run(argv: readonly string[], options: CommandOptions): Promise<CommandResult> {
    return runCommand(this.#enter(argv), { check: false, timeoutMs: lineMs, env: environment(), ...options });
  }

  #enter(argv: readonly string[]): string[] {
    return ['nsenter', '--target', String(this.#keeper.pid), '--net', '--mount', '--', ...argv];
  }

  #inFolder(line: string): string {
    return `cd '${this.#folder}'\n${line}`;
  }
}

class StartedLine implements Running {
  readonly #program: ChildProcess;
  #shown = '';

  constructor(program: ChildProcess) {
    this.#program = program;
    for (const stream of [program.stdout, program.stderr])
      stream?.on('data', (chunk: Buffer) => (this.#shown += chunk.toString()));
  }

  get hasExited(): boolean {
    return this.#program.exitCode !== null || this.#program.signalCode !== null;
  }

  log(): Promise<string> {
    return Promise.resolve(this.#shown);
  }

  /** As Ctrl-C. */
  async stop(): Promise<void> {
    if (this.hasExited || this.#program.pid === undefined) return;
    const ended = once(this.#program, 'exit');
    process.kill(-this.#program.pid, 'SIGINT');
    await ended;
  }
}

/** Without what is told to these tests alone. */
function environment(): NodeJS.ProcessEnv {
  const own = ['MOCHA_COUNTS', 'ROUTED_LAB_STATE', 'ROUTED_E2E_KEEP', 'ROUTED_E2E_ENGINES'];
  const others = Object.entries(process.env).filter(([name]) => !own.includes(name));
  return { ...Object.fromEntries(others), TERM: 'dumb' };
}
