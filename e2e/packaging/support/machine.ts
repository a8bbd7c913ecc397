import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import {
  cacheDirectory,
  ensureBuilt,
  imageTarball,
  removeCgroups,
  runCommand,
  type CommandOptions,
  type CommandResult,
} from '@routed/lab';
import { eventually } from '../../support/eventually.ts';

const script = join(import.meta.dirname, '../../../tools/packaging/machine.sh');
const bootMs = 240_000;

/** A Debian machine with systemd and Docker, in namespaces. */
export interface Machine {
  /** Runs a script of sh as root. It may fail: look at `exitCode`. */
  try(script: string, options?: CommandOptions): Promise<CommandResult>;
  /** Runs a script of sh as root, and returns its trimmed output. */
  sh(script: string, options?: CommandOptions): Promise<string>;
  /** Puts a file of this machine into its /root. */
  put(file: string): Promise<void>;
  /** The path of one of its files from outside, until the next boot. */
  outsidePath(path: string): string;
  /** A power cut, and a boot. */
  reboot(): Promise<void>;
  /** Ends it, and removes what it wrote. */
  close(): Promise<void>;
}

/** Boots Debian 12 with Docker 20.10. The first time builds its root file system, which takes some minutes. */
export async function openMachine(): Promise<Machine> {
  const root = await prepareMachineRoot();
  await mkdir('/tmp/routed-lab', { recursive: true });
  const scratch = await mkdtemp('/tmp/routed-lab/machine-');
  const machine = new SystemdMachine(root, scratch);
  await machine.boot();
  await machine.sh('docker import - alpine', { input: await imageTarball(console.log) });
  return machine;
}

/** The root file system of such machines, which nobody writes to. */
export async function prepareMachineRoot(): Promise<string> {
  const root = join(cacheDirectory(), 'machine-bookworm');
  await ensureBuilt(root, ['build-root.sh', 'machine', 'bookworm', root], console.log);
  return root;
}

class SystemdMachine implements Machine {
  readonly #root: string;
  readonly #scratch: string;
  readonly #name: string;
  #unshare: ChildProcess | undefined;
  #initPid = 0;

  constructor(root: string, scratch: string) {
    this.#root = root;
    this.#scratch = scratch;
    this.#name = basename(scratch);
  }

  async boot(): Promise<void> {
    // It ends with the tests, however they end.
    const argv = ['--pdeathsig', 'KILL', '--', script, this.#root, this.#scratch, `routed-lab/${this.#name}`];
    const unshare = spawn('setpriv', argv, { stdio: ['ignore', 'ignore', 'inherit'] });
    this.#unshare = unshare;
    this.#initPid = await eventually(() => Promise.resolve(systemdBelow(unshare.pid)), bootMs);
    const booted = 'systemctl is-system-running --wait | grep -E "running|degraded"';
    await eventually(async () => this.sh(booted, { timeoutMs: bootMs }), bootMs);
  }

  async try(command: string, options: CommandOptions = {}): Promise<CommandResult> {
    const enter = [
      'nsenter',
      '--target',
      `${this.#initPid}`,
      '--mount',
      '--pid',
      '--net',
      '--uts',
      '--ipc',
      '--cgroup',
    ];
    const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', DEBIAN_FRONTEND: 'noninteractive', HOME: '/root' };
    return await runCommand([...enter, '--', 'sh', '-c', command], {
      timeoutMs: 110_000,
      env,
      check: false,
      ...options,
    });
  }

  async sh(command: string, options: CommandOptions = {}): Promise<string> {
    const { stdout, stderr, exitCode } = await this.try(command, options);
    if (exitCode !== 0) throw new Error(`${command}: exit code ${exitCode}: ${stdout}${stderr}`);
    return stdout.trim();
  }

  async put(file: string): Promise<void> {
    await cp(file, this.outsidePath(join('/root', basename(file))), { recursive: true });
  }

  outsidePath(path: string): string {
    return join(`/proc/${this.#initPid}/root`, path);
  }

  async reboot(): Promise<void> {
    await this.#powerOff();
    await this.boot();
  }

  async close(): Promise<void> {
    await this.#powerOff();
    await removeCgroups(this.#name);
    await rm(this.#scratch, { recursive: true });
  }

  async #powerOff(): Promise<void> {
    if (this.#unshare === undefined) return;
    const ended = once(this.#unshare, 'exit');
    process.kill(this.#initPid, 'SIGKILL');
    await ended;
    this.#unshare = undefined;
  }
}

/** The process that has become pid 1 of the machine. */
function systemdBelow(pid: number | undefined): number {
  const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
  if (child === undefined || readFileSync(`/proc/${child}/comm`, 'utf8') !== 'systemd\n') {
    throw new Error(`process ${pid} has not started systemd`);
  }
  return Number(child);
}
