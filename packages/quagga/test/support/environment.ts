import { readFile, stat } from 'node:fs/promises';
import type { CliEnvironment } from '../../src/cli/environment.ts';
import { runCli } from '../../src/cli/program.ts';

/** A whole file that has the preset for a LAN. */
export const LAN = 'preset: lan\nrouterId: 10.0.0.1\ncontainers: [10.112.0.0/12]\ninterfaces:\n  eth1: {}\n';

export interface CliResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line with captured output; `files` stand beside the real ones. */
export async function cli(
  args: readonly string[],
  world: Partial<CliEnvironment> & { files?: Record<string, string> } = {},
): Promise<CliResult> {
  let out = '';
  let err = '';
  const { files = {}, ...rest } = world;
  const environment: CliEnvironment = {
    write: (text) => void (out += text),
    complain: (text) => void (err += text),
    read: (path) => (files[path] === undefined ? readFile(path, 'utf8') : Promise.resolve(files[path])),
    ip: () => Promise.resolve([]),
    exists: () => Promise.resolve(false),
    isDirectory: async (path) => (await stat(path).catch(() => undefined))?.isDirectory() === true,
    isRoot: process.getuid?.() === 0,
    detach: () => undefined,
    log: () => Promise.resolve(),
    ...rest,
  };
  const code = await runCli(args, environment);
  return { code, out, err };
}
