import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Router } from './router.ts';

const MAIN = join(import.meta.dirname, '../../dist/main.js');
const PLUGIN = join(import.meta.dirname, '../../../daemon/dist/main.js');
const UNGUARDED = join(import.meta.dirname, 'unguarded.ts');

export interface CliResult {
  /** Null: it was killed. */
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The command line as a process of its own, that can be killed. */
export interface CliProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<CliResult>;
}

export interface CliOptions {
  /** Runs it in the network namespace of this process. */
  readonly namespacePid: number;
  /** Kills it before this step, without a guard; see `die-at.ts`. */
  readonly dieAt?: number;
}

/** Starts `quagga-config`. */
export function startCli(args: readonly string[], { namespacePid, dieAt }: CliOptions): CliProcess {
  const fatal = ['--import=tsx', `--import=${join(import.meta.dirname, 'die-at.ts')}`, UNGUARDED];
  return start([...(dieAt === undefined ? [MAIN] : fatal), ...args], namespacePid, { DIE_AT: String(dieAt ?? 0) });
}

/** Starts `routed-plugin why` for an address, on a host whose plugin does not run. */
export function startWhy(address: string, { vtyDir, namespacePid }: Router): CliProcess {
  const places = ['--router-dir', vtyDir, '--admin-socket', join(vtyDir, 'no-plugin.sock')];
  return start([PLUGIN, 'why', address, ...places], namespacePid);
}

function start(args: readonly string[], namespacePid: number, more: Record<string, string> = {}): CliProcess {
  const child = spawn('nsenter', ['-t', String(namespacePid), '-n', process.execPath, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...more },
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const ended = new Promise<CliResult>((resolve) => {
    child.once('close', (code) => resolve({ code, out, err }));
  });
  return { child, ended };
}
