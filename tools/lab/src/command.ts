import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { text } from 'node:stream/consumers';
import { CommandError, LabError, type CommandResult } from './errors.ts';

export interface CommandOptions {
  /** Written to stdin; without it stdin is empty. */
  readonly input?: string | Uint8Array;
  /** Leaves stdin open behind the input until the command ends, as somebody at a terminal does. @default false */
  readonly holdsInput?: boolean;
  /** The command and its descendants are killed after this long. @default 60_000 */
  readonly timeoutMs?: number;
  /** Throw {@link CommandError} on a non-zero exit. @default true */
  readonly check?: boolean;
  /** The whole environment. @default this process's */
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Runs a command to its end and keeps its output.
 * @throws {@link CommandError} it exited non-zero, unless `check` is false
 * @throws {@link LabError} `timeout`, or `missing-prerequisite` when the program does not exist
 */
export async function runCommand(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const { input = '', holdsInput = false, timeoutMs = 60_000, check = true, env } = options;
  const [program = '', ...rest] = argv;
  // Its own process group, so that a timeout also reaches what nsenter or a shell started.
  const child = spawn(program, rest, { detached: true, env: env ?? process.env });
  const deadline = AbortSignal.timeout(timeoutMs);
  const kill = (): void => killGroup(child.pid);
  deadline.addEventListener('abort', kill);
  // A command that ends without reading its input is not an error.
  child.stdin.on('error', () => undefined);
  child.stdin.write(input);
  if (!holdsInput) child.stdin.end();

  try {
    const [exitCode, stdout, stderr] = await Promise.all([exitOf(child), text(child.stdout), text(child.stderr)]);
    if (deadline.aborted)
      throw new LabError('timeout', `${argv.join(' ')}: no end after ${timeoutMs} ms: ${stderr.trim()}`);
    const result = { stdout, stderr, exitCode };
    if (check && exitCode !== 0) throw new CommandError(argv, result);
    return result;
  } finally {
    deadline.removeEventListener('abort', kill);
  }
}

/** The exit code of a child, in a shell's manner: 128 + signal when it was killed. */
export async function exitOf(child: ReturnType<typeof spawn>): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', (cause: NodeJS.ErrnoException) => {
      const program = child.spawnfile;
      reject(
        new LabError('missing-prerequisite', `cannot run ${program}: ${cause.message}; run tools/setup`, { cause }),
      );
    });
    child.once('exit', (code, signal) => {
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Gone in the meantime.
  }
}
