import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** What a program may use. */
export interface ProgramLimits {
  readonly timeoutMs: number;
  readonly outputBytes: number;
}

/** How long a program may take, and how much of its output is kept; more is read and thrown away. */
export const PROGRAM_LIMITS: ProgramLimits = { timeoutMs: 30_000, outputBytes: 8 * 1024 * 1024 };

/**
 * What a program prints, whatever its exit status: that of a command that found problems is not 0.
 *
 * @throws Error when it is not installed, or fails with nothing printed but complaints
 */
export async function runLong(argv: readonly string[], limits: ProgramLimits = PROGRAM_LIMITS): Promise<string> {
  const [file = '', ...args] = argv;
  const child = spawn(file, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: limits.timeoutMs,
    killSignal: 'SIGKILL',
  });
  const [printed, complaints] = [kept(child.stdout, limits.outputBytes), kept(child.stderr, limits.outputBytes)];
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  if (printed.length === 0 && code !== 0) {
    const why = Buffer.concat(complaints).toString().trim() || `it ended with ${signal ?? code}`;
    throw new Error(`${file}: ${why}`);
  }
  return Buffer.concat(printed).toString();
}

function kept(stream: NodeJS.ReadableStream, most: number): readonly Buffer[] {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on('data', (chunk: Buffer) => {
    if (size < most) chunks.push(chunk.subarray(0, most - size));
    size += chunk.length;
  });
  return chunks;
}
