import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand, type CommandOptions } from './command.ts';
import type { DockerEngine } from './docker-engine.ts';
import type { EngineInstallation } from './engines.ts';
import { DockerError, LabError, type CommandResult } from './errors.ts';
import { dockerCommand, hostCommand, hostEnvironment, pathFromOutside } from './host-commands.ts';
import { spawnLabProcess, type LabProcess } from './lab-process.ts';
import type { HostRecord } from './lab-state.ts';
import { pluginDirectory, startPlugin, type PluginOptions } from './plugin.ts';
import { killAndWait } from './process-identity.ts';
import { startRouter, type Router, type RouterConfig } from './router.ts';

/** A machine of the lab: namespaces of its own, and usually a Docker engine. */
export interface Host {
  readonly name: string;
  /** The engine's release and real version; null on a host without one. */
  readonly engine: EngineInstallation | null;
  /** Pid 1 of the host, as seen from outside. */
  readonly keeperPid: number;
  /** As seen inside. */
  readonly pluginDir: string;
  /** For programs outside, valid until the host stops. */
  readonly netnsPath: string;
  /** The host's address with prefix length on `eth1`; null without uplink. */
  readonly address: string | null;
  /** The path under which programs outside see a file of the host. */
  outsidePath(path: string): string;

  /**
   * Runs a command in the host's namespaces to its end. `env` is added to the environment of this process.
   * @throws {@link CommandError} non-zero exit
   */
  exec(argv: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /** The host's Docker client; returns its trimmed stdout. @throws {@link DockerError} */
  docker(...args: string[]): Promise<string>;
  /** Like {@link Host.docker}, for commands that may fail. */
  tryDocker(...args: string[]): Promise<CommandResult>;
  /** Starts a background program; its output goes to `<name>.log` in the host's directory. */
  spawn(argv: readonly string[], options?: SpawnOptions): Promise<LabProcess>;

  /** Nothing happens when it runs. Returns when it answers and has the `alpine` image. */
  startEngine(): Promise<void>;
  /**
   * SIGKILL leaves containers running, as a crash does; without `--live-restore` the next start stops them,
   * which takes 10 s for one that ignores SIGTERM. @default 'SIGTERM'
   */
  stopEngine(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  restartEngine(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** What dockerd wrote since the host is up. */
  engineLog(): Promise<string>;

  /** Starts this repository's plugin. It is not restarted when it ends. */
  startPlugin(options?: PluginOptions): Promise<LabProcess>;
  /**
   * Starts routing daemons, each host its own.
   * @throws {@link LabError} `no-router` the host was made without; `start-failed`
   */
  startRouter(config: RouterConfig): Promise<Router>;
  /** A power cut: every process of the host is killed and its interfaces vanish. */
  stop(): Promise<void>;
}

export interface SpawnOptions {
  /** Of the log file; runs of one name share it. @default the program's name */
  readonly name?: string;
  readonly env?: NodeJS.ProcessEnv;
}

const dockerTimeoutMs = 120_000;

/** {@link Host} on top of what is recorded of it. */
export class LabHost implements Host {
  readonly #record: HostRecord;
  readonly #engine: DockerEngine | null;
  readonly address: string | null;

  constructor(record: HostRecord, engine: DockerEngine | null, address: string | null) {
    this.#record = record;
    this.#engine = engine;
    this.address = address;
  }

  get name(): string {
    return this.#record.name;
  }

  get engine(): EngineInstallation | null {
    return this.#record.engine;
  }

  get keeperPid(): number {
    return this.#record.keeper.pid;
  }

  get pluginDir(): string {
    return pluginDirectory;
  }

  get netnsPath(): string {
    return `/proc/${this.keeperPid}/ns/net`;
  }

  outsidePath(path: string): string {
    return pathFromOutside(this.#record, path);
  }

  async exec(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    return runCommand(hostCommand(this.#record, argv), { ...options, env: hostEnvironment(options.env) });
  }

  async docker(...args: string[]): Promise<string> {
    const result = await this.tryDocker(...args);
    if (result.exitCode !== 0) throw new DockerError(['docker', ...args], result);
    return result.stdout.trim();
  }

  async tryDocker(...args: string[]): Promise<CommandResult> {
    return runCommand(dockerCommand(this.#record, args), {
      check: false,
      timeoutMs: dockerTimeoutMs,
      env: hostEnvironment(),
    });
  }

  async spawn(argv: readonly string[], options: SpawnOptions = {}): Promise<LabProcess> {
    const name = options.name ?? (argv[0] ?? 'program').replaceAll('/', '-');
    return spawnLabProcess({
      argv: hostCommand(this.#record, argv),
      logFile: join(this.#record.directory, `${name}.log`),
      env: hostEnvironment(options.env),
    });
  }

  async startEngine(): Promise<void> {
    await this.#requireEngine().start();
  }

  async stopEngine(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    await this.#requireEngine().stop(signal);
  }

  async restartEngine(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    await this.stopEngine(signal);
    await this.startEngine();
  }

  async engineLog(): Promise<string> {
    return readFile(this.#requireEngine().logFile, 'utf8');
  }

  async startPlugin(options?: PluginOptions): Promise<LabProcess> {
    return startPlugin(this.#record, options);
  }

  async startRouter(config: RouterConfig): Promise<Router> {
    return startRouter(this.#record, config);
  }

  async stop(): Promise<void> {
    await killAndWait(this.#record.keeper);
  }

  #requireEngine(): DockerEngine {
    if (this.#engine === null) throw new LabError('no-engine', `host ${this.name} was made with engine "none"`);
    return this.#engine;
  }
}
