import { connect } from 'node:net';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from './command.ts';
import { LabError } from './errors.ts';
import { hostCommand, hostEnvironment, pathFromOutside } from './host-commands.ts';
import { systemPath } from './system-path.ts';
import { spawnLabProcess, type LabProcess } from './lab-process.ts';
import type { HostRecord } from './lab-state.ts';
import type { FrrInstallation } from './routers.ts';
import { waitUntil } from './unix-http.ts';

/** The daemons of FRR that a router may run. */
export type RouterDaemon = 'zebra' | 'staticd' | 'ospfd' | 'ospf6d' | 'bgpd' | 'bfdd';

/** A configuration: what `@routed/quagga` renders, or texts of one's own. */
export interface RouterConfig {
  /**
   * By name, for /etc/frr: either the integrated `frr.conf`, or a file for each daemon such as `ospfd.conf`.
   * With both, the daemons read `frr.conf` alone.
   */
  readonly files: readonly { readonly name: string; readonly text: string }[];
  /** zebra runs always. */
  readonly daemons: readonly RouterDaemon[];
}

/** The routing daemons of one host. They end with the host. */
export interface Router {
  /** The real version of FRR. */
  readonly version: string;
  /** Those of the configuration, in the order they start. */
  readonly daemons: readonly RouterDaemon[];
  /** Runs commands in vtysh, one after the other, and returns what they print. @throws {@link CommandError} */
  vtysh(...commands: readonly string[]): Promise<string>;
  /** Starts these daemons (all), as the configuration says; nothing happens to those that run. */
  start(...daemons: readonly RouterDaemon[]): Promise<void>;
  /** Ends these daemons (all). SIGKILL leaves the routes in the kernel, as a crash does. */
  stop(signal: 'SIGTERM' | 'SIGKILL', ...daemons: readonly RouterDaemon[]): Promise<void>;
  /** Ends everything, and starts again with another configuration. */
  reconfigure(config: RouterConfig): Promise<void>;
  /** What a daemon wrote since the host is up. */
  log(daemon: RouterDaemon): Promise<string>;
}

const startTimeoutMs = 20_000;
const stopTimeoutMs = 5_000;
const startOrder: readonly RouterDaemon[] = ['zebra', 'staticd', 'bfdd', 'ospfd', 'ospf6d', 'bgpd'];
/** Since FRR 10 it hands the configuration to the others. It is no concern of who uses the router. */
const manager = 'mgmtd';
type AnyDaemon = RouterDaemon | typeof manager;

/**
 * Writes the configuration and starts the daemons.
 * @throws {@link LabError} `no-router` the host was made without one; `start-failed` with a daemon's log
 */
export async function startRouter(host: HostRecord, config: RouterConfig): Promise<Router> {
  const { router: frr } = host;
  if (frr === null) throw new LabError('no-router', `host ${host.name} was made with router "none"`);
  const router = new FrrRouter(host, frr);
  await router.reconfigure(config);
  return router;
}

class FrrRouter implements Router {
  readonly #host: HostRecord;
  readonly #frr: FrrInstallation;
  readonly #chroot: readonly string[];
  readonly #processes = new Map<AnyDaemon, LabProcess>();
  #config: RouterConfig = { files: [], daemons: [] };

  constructor(host: HostRecord, frr: FrrInstallation) {
    this.#host = host;
    this.#frr = frr;
    this.#chroot = frr.root === null ? [] : ['chroot', join(host.directory, 'router/root')];
  }

  get version(): string {
    return this.#frr.version;
  }

  get daemons(): readonly RouterDaemon[] {
    return startOrder.filter((daemon) => daemon === 'zebra' || this.#config.daemons.includes(daemon));
  }

  async vtysh(...commands: readonly string[]): Promise<string> {
    return this.#run(['vtysh', ...commands.flatMap((command) => ['-c', command])]);
  }

  async start(...daemons: readonly RouterDaemon[]): Promise<void> {
    const chosen = daemons.length === 0 ? this.daemons : startOrder.filter((daemon) => daemons.includes(daemon));
    const stopped = [...this.#managers(), ...chosen].filter((daemon) => !this.#isRunning(daemon));
    for (const daemon of stopped) await this.#startDaemon(daemon);
    if (stopped.length === 0 || !this.#config.files.some(({ name }) => name === 'frr.conf')) return;
    const only = daemons.length === 0 ? [null] : stopped;
    for (const daemon of only) await this.#run(['vtysh', '-b', ...(daemon === null ? [] : ['-d', daemon])]);
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL', ...daemons: readonly RouterDaemon[]): Promise<void> {
    const chosen: readonly AnyDaemon[] = daemons.length === 0 ? [...this.daemons, ...this.#managers()] : daemons;
    // zebra last: it takes the routes of the others away.
    for (const daemon of [...chosen].reverse()) await this.#processes.get(daemon)?.stop(signal, stopTimeoutMs);
  }

  async reconfigure(config: RouterConfig): Promise<void> {
    await this.stop('SIGTERM');
    this.#config = config;
    const directory = pathFromOutside(this.#host, join(this.#chroot[1] ?? '/', 'etc/frr'));
    // What the package brings, or an earlier configuration, would be read as well.
    await this.#run(['sh', '-ec', 'mkdir -p /etc/frr; rm -f /etc/frr/*.conf; install -d -o frr -g frr /run/frr']);
    const vtysh = { name: 'vtysh.conf', text: 'service integrated-vtysh-config\n' };
    for (const { name, text } of [vtysh, ...config.files])
      await writeFile(join(directory, name), text, { mode: 0o640 });
    await this.#run(['chown', '-R', 'frr:frr', '/etc/frr']);
    await this.start();
  }

  async log(daemon: RouterDaemon): Promise<string> {
    return (await this.#processes.get(daemon)?.log()) ?? '';
  }

  #managers(): readonly (typeof manager)[] {
    return this.#frr.release === '10' ? [manager] : [];
  }

  #isRunning(daemon: AnyDaemon): boolean {
    return this.#processes.get(daemon)?.hasExited === false;
  }

  async #startDaemon(daemon: AnyDaemon): Promise<void> {
    // A burst of routes overflows zebra's default buffer, and it loses some without a word.
    const buffer = daemon === 'zebra' ? ['-s', '90000000'] : [];
    const flags = ['-u', 'frr', '-g', 'frr', '-P', '0', '--log', 'stdout', ...buffer];
    const process = await spawnLabProcess({
      argv: hostCommand(this.#host, [...priorityOf(daemon), ...this.#chroot, `/usr/lib/frr/${daemon}`, ...flags]),
      logFile: join(this.#host.directory, `${daemon}.log`),
      env: hostEnvironment({ PATH: systemPath }),
    });
    this.#processes.set(daemon, process);
    const socket = pathFromOutside(this.#host, `/run/frr/${daemon}.vty`);
    const isUp = await waitUntil(
      () => accepts(socket),
      () => process.hasExited,
      startTimeoutMs,
    );
    if (isUp) return;
    const end = (await process.log()).slice(-2_000);
    throw new LabError('start-failed', `${daemon} of ${this.#host.name}: ${end}`);
  }

  async #run(argv: readonly string[]): Promise<string> {
    const command = hostCommand(this.#host, [...this.#chroot, ...argv]);
    const { stdout } = await runCommand(command, { env: hostEnvironment({ PATH: systemPath, VTYSH_PAGER: 'cat' }) });
    return stdout;
  }
}

/** As FRR's own unit says, `Nice=-5`, and for BFD what `@routed/quagga` says in the file `daemons`. */
function priorityOf(daemon: AnyDaemon): readonly string[] {
  return ['nice', '-n', daemon === 'bfdd' ? '-20' : '-5'];
}

/** Whether a daemon listens there: a killed one leaves its socket behind. */
async function accepts(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
