import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { QuaggaError } from '../errors.ts';
import type { DaemonName } from '../render/config.ts';
import { runCommand } from './command.ts';

/** Real daemons in a throw-away network namespace, without any configuration yet. */
export interface Sandbox extends AsyncDisposable {
  /** Where the daemons' vty sockets are; reachable from outside the namespace. */
  readonly vtyDir: string;
  /** Feeds a file as FRR does at start; returns what the daemons had to say about it. */
  load(text: string): Promise<{ refused: boolean; messages: readonly string[] }>;
}

export interface SandboxOptions {
  readonly daemons: readonly DaemonName[];
  /** Default /usr/lib/frr. */
  readonly daemonDir?: string;
  /** Default /tmp. */
  readonly scratchDir?: string;
}

/**
 * Everything happens in namespaces of its own: `zebra` applies what it reads (it would switch forwarding off in
 * the host), and bfdd and ospfd keep files in /run and /var/tmp whatever the options say.
 * The process ids die with the script, and the script dies with its input.
 */
const SCRIPT = `
set -e
dir=$1; daemons=$2; programs=$3
chown frr:frr "$dir" "$dir"/*
[ -d /run/frr ] || { mount -t tmpfs tmpfs /run; mkdir /run/frr; }
for private in /run/frr /var/tmp /var/lib/frr /var/log/frr; do
  [ -d "$private" ] && mount -t tmpfs -o mode=1777 tmpfs "$private"
done
ip link set lo up
start() {
  daemon=$1; shift
  "$programs/$daemon" -d -u frr -g frr "$@" -z "$dir/zserv.api" --vty_socket "$dir" -i "$dir/$daemon.pid" -P 0 --log file:"$dir/$daemon.log"
}
# Where there is mgmtd, it configures staticd, which then knows no file.
managed=
if [ -x "$programs/mgmtd" ]; then managed=staticd; start mgmtd; fi
for daemon in $daemons; do
  if [ "$daemon" = "$managed" ]; then start "$daemon"; else start "$daemon" -f "$dir/empty.conf"; fi
done
echo ready
cat > /dev/null
`;

/** Daemons start in half a second; a busy machine takes longer. */
const START_DEADLINE_MS = 30_000;
const STOP_DEADLINE_MS = 5_000;

/** Said by FRR about a correct configuration. */
const HARMLESS = [
  /^Graceful restart configuration changed, reset all peers to take effect$/,
  /^\[\d+\|/,
  /^Waiting for children to finish applying config\.\.\.$/,
  /MPLS support/,
];

/**
 * Starts the daemons. Needs root.
 * @throws {@link QuaggaError} `CHECKER_MISSING` when FRR or the right to make namespaces is missing.
 */
export async function openSandbox(options: SandboxOptions): Promise<Sandbox> {
  const dir = await mkdtemp(join(options.scratchDir ?? '/tmp', 'quagga-config-'));
  const child = await startDaemons(dir, options).catch(async (error: unknown) => {
    await rm(dir, { recursive: true, force: true });
    throw error;
  });
  return {
    vtyDir: dir,
    load: (text) => load(dir, text),
    [Symbol.asyncDispose]: async () => {
      await stop(child);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function startDaemons(dir: string, options: SandboxOptions): Promise<ChildProcess> {
  const { daemonDir = '/usr/lib/frr' } = options;
  await access(join(daemonDir, 'zebra'), constants.X_OK).catch((cause: unknown) => {
    throw new QuaggaError(
      'CHECKER_MISSING',
      `${daemonDir}/zebra is not installed; install FRR, or name its directory`,
      {
        cause,
      },
    );
  });
  for (const file of ['empty.conf', 'vtysh.conf']) await writeFile(join(dir, file), '', { mode: 0o640 });
  const daemons = ['zebra', ...options.daemons.filter((daemon) => daemon !== 'zebra')].join(' ');
  const child = spawn(
    'unshare',
    [
      '--net',
      '--mount',
      '--pid',
      '--fork',
      '--kill-child',
      '--mount-proc',
      'sh',
      '-c',
      SCRIPT,
      'sandbox',
      dir,
      daemons,
      daemonDir,
    ],
    { stdio: ['pipe', 'pipe', 'pipe'] },
  );
  const reason = await whyNotReady(child);
  if (reason === undefined) return child;
  const remedy = reason.includes('not permitted') ? '; it needs root; without root, vtysh checks the syntax only' : '';
  throw new QuaggaError(
    'CHECKER_MISSING',
    `cannot start the routing daemons in a network namespace: ${reason}${remedy}`,
  );
}

/** Waits for the script; undefined: the daemons run. */
async function whyNotReady(child: ChildProcessWithoutNullStreams): Promise<string | undefined> {
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  const timer = setTimeout(() => {
    complaint = `not ready within ${START_DEADLINE_MS / 1000} s`;
    child.kill('SIGKILL');
  }, START_DEADLINE_MS);
  const ready = await new Promise<boolean>((resolve) => {
    createInterface({ input: child.stdout }).once('line', () => resolve(true));
    child.once('error', (error) => {
      complaint = error.message;
      resolve(false);
    });
    child.once('close', () => resolve(false));
  });
  clearTimeout(timer);
  return ready ? undefined : (complaint.trim().split('\n').at(-1) ?? 'no reason given');
}

async function load(dir: string, text: string): Promise<{ refused: boolean; messages: readonly string[] }> {
  const file = join(dir, 'candidate.conf');
  await writeFile(file, text, { mode: 0o640 });
  const result = await runCommand('vtysh', ['--vty_socket', dir, '--config_dir', dir, '-f', file]);
  await rm(file);
  return { refused: result.status !== 0, messages: complaintsIn(`${result.stdout}\n${result.stderr}`) };
}

/** What `vtysh -f` says beyond its progress. */
export function complaintsIn(output: string): string[] {
  return output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !HARMLESS.some((pattern) => pattern.test(line)));
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  child.stdin?.end();
  // One that a signal has stopped reads no input.
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
  await closed;
  clearTimeout(timer);
}
