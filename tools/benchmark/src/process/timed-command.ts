import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

/**
 * Runs a command and returns how long it took, in microseconds.
 *
 * @throws Error with what it wrote, when it ends otherwise than it should
 */
export async function timedCommand(
  [program = '', ...args]: readonly string[],
  {
    input = '',
    env = {},
    exitCode = 0,
  }: {
    readonly input?: string;
    readonly env?: Readonly<Record<string, string>>;
    /** What it ends with when all went as it should. */
    readonly exitCode?: number;
  } = {},
): Promise<number> {
  const started = performance.now();
  const child = spawn(program, args, { env: { PATH: process.env['PATH'], ...env } });
  const exited = once(child, 'exit');
  child.stdin.end(input);
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = (await exited) as [number | null];
  const us = (performance.now() - started) * 1000;
  if (code !== exitCode) throw new Error(`${program} ${args.join(' ')}: ${(await output).join('')}`);
  return us;
}
