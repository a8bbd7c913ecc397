import { spawn } from 'node:child_process';
import { QuaggaError } from '../errors.ts';

export interface CommandResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Longer than any of the programs takes, a restart of the routing suite included. */
const DEADLINE_MS = 300_000;

/**
 * Runs a program to its end, without a shell. One that takes longer than `deadlineMs` (default 5 minutes) is killed, and
 * its status is 128.
 * @throws {@link QuaggaError} `CHECKER_MISSING` when it cannot be started.
 */
export function runCommand(
  program: string,
  args: readonly string[],
  deadlineMs: number = DEADLINE_MS,
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: deadlineMs,
      killSignal: 'SIGKILL',
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.once('error', (cause) =>
      reject(new QuaggaError('CHECKER_MISSING', `cannot run ${program}: ${cause.message}`, { cause })),
    );
    child.once('close', (code) => resolve({ status: code ?? 128, stdout, stderr }));
  });
}
