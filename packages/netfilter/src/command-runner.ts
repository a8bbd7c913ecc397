import { execFile } from 'node:child_process';

/** What a finished command left behind. */
export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs one program to its end, without a shell, and never throws for a non-zero exit.
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
      if (error === null) resolve({ exitCode: 0, stdout, stderr });
      else if (error.code === 'ENOENT') resolve(undefined);
      else if (typeof error.code === 'number') resolve({ exitCode: error.code, stdout, stderr });
      else reject(new Error(`${file} did not finish`, { cause: error }));
    });
    // A program that does not start, or exits before it read everything, reports that by its exit.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input ?? '');
  });
