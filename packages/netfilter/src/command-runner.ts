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
 * @returns undefined when the program is not installed.
 */
export type CommandRunner = (
  argv: readonly [string, ...string[]],
  input?: string,
) => Promise<CommandResult | undefined>;

const TIMEOUT_MS = 10_000;

/** The {@link CommandRunner} that runs real programs, each for at most 10 s. */
export const runCommand: CommandRunner = ([file, ...args], input) =>
  new Promise((resolve, reject) => {
    const child = execFile(file, args, { timeout: TIMEOUT_MS }, (error, stdout, stderr) => {
      const signal = error?.signal ?? undefined;
      if (error === null) resolve({ exitCode: 0, stdout, stderr });
      else if (error.code === 'ENOENT') resolve(undefined);
      else if (signal !== undefined) resolve({ exitCode: 128 + constants.signals[signal], signal, stdout, stderr });
      else if (typeof error.code === 'number') resolve({ exitCode: error.code, stdout, stderr });
      else reject(new Error(`${file} could not be run: ${error.message}`, { cause: error }));
    });
    // A program that does not start, or exits before it read everything, reports that by its exit.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input ?? '');
  });
