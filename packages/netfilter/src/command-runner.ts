import { execFile } from 'node:child_process';
import { constants } from 'node:os';

/** What a finished command left behind. */
export interface CommandResult {
  /** As a shell has it: 128 and the number of the signal for a program that one ended. */
  readonly exitCode: number;
  /** What ended the program, if it did not exit by itself: `SIGSEGV`, or `SIGTERM` after 10 s. */
  readonly signal?: NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs one program to its end, without a shell, and never throws for a non-zero exit or a signal.
 *
 * @param onStart hears the id of its process before the program does anything
 * @returns undefined when the program is not installed.
 */
export type CommandRunner = (
  argv: readonly [string, ...string[]],
  input?: string,
  onStart?: (pid: number) => void,
) => Promise<CommandResult | undefined>;

const TIMEOUT_MS = 10_000;

/** The {@link CommandRunner} that runs real programs, each for at most 10 s. */
export const runCommand: CommandRunner = ([file, ...args], input, onStart) =>
  new Promise((resolve, reject) => {
    const child = execFile(file, args, { timeout: TIMEOUT_MS }, (error, stdout, stderr) => {
      const signal = error?.signal ?? undefined;
      if (error === null) resolve({ exitCode: 0, stdout, stderr });
      else if (error.code === 'ENOENT') resolve(undefined);
      else if (signal !== undefined) resolve({ exitCode: 128 + constants.signals[signal], signal, stdout, stderr });
      else if (typeof error.code === 'number') resolve({ exitCode: error.code, stdout, stderr });
      else reject(new Error(`${file} could not be run: ${error.message}`, { cause: error }));
    });
    if (child.pid !== undefined) onStart?.(child.pid);
    // A program that does not start, or exits before it read everything, reports that by its exit.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input ?? '');
  });

/** What nsenter(1) exits with when it does not find the program. */
const NOT_FOUND = 127;

/**
 * A {@link CommandRunner} whose programs run in another network namespace: `/run/netns/NAME`, or `/proc/PID/ns/net`. It needs
 * nsenter(1) of util-linux. Programs see the files of this process; nsenter becomes the program, so the process is the same.
 *
 * @param path opened anew by each run, which exits with 1 when it is gone
 */
export function runCommandIn(path: string): CommandRunner {
  return async (argv, input, onStart) => {
    const result = await runCommand(['nsenter', `--net=${path}`, '--', ...argv], input, onStart);
    const isMissing = result?.exitCode === NOT_FOUND && result.stderr.startsWith('nsenter: ');
    return isMissing ? undefined : result;
  };
}
