import { join } from 'node:path';
import { cgroupParent } from './cgroups.ts';
import { runCommand } from './command.ts';
import { LabError } from './errors.ts';
import { dockerCommand, engineCommand, engineSocket, hostEnvironment, pathFromOutside } from './host-commands.ts';
import { systemPath } from './system-path.ts';
import { imageName, imageTarball } from './image.ts';
import { spawnLabProcess, type LabProcess } from './lab-process.ts';
import type { HostRecord } from './lab-state.ts';
import { answers, waitUntil } from './unix-http.ts';

// A start may wait 15 s for an absent plugin, once for every network and stale endpoint.
const startTimeoutMs = 180_000;
const stopTimeoutMs = 30_000;

export interface DockerEngineOptions {
  readonly labName: string;
  readonly host: HostRecord;
  /** dockerd writes the host's firewall, as in real life. */
  readonly isFirewallManaged: boolean;
  readonly flags: readonly string[];
  readonly log: (line: string) => void;
}

/** The dockerd of one host, with its own containerd, images and state. */
export class DockerEngine {
  readonly #options: DockerEngineOptions;
  readonly logFile: string;
  #process: LabProcess | null = null;
  #hasImage = false;

  constructor(options: DockerEngineOptions) {
    this.#options = options;
    this.logFile = join(options.host.directory, 'dockerd.log');
  }

  /**
   * Returns when the API answers and the `alpine` image is there.
   * @throws {@link LabError} `start-failed` with the end of dockerd's log
   */
  async start(): Promise<void> {
    const { host } = this.#options;
    if (this.#process?.hasExited === false) return;
    const process = await spawnLabProcess({
      argv: engineCommand(host, ['dockerd', ...this.#flags()]),
      logFile: this.logFile,
      env: hostEnvironment({ PATH: systemPath }),
    });
    this.#process = process;
    const socketPath = pathFromOutside(host, engineSocket);
    const isUp = await waitUntil(
      () => answers(socketPath, 'GET', '/_ping'),
      () => process.hasExited,
      startTimeoutMs,
    );
    if (!isUp) throw new LabError('start-failed', `dockerd of ${host.name}: ${(await process.log()).slice(-2_000)}`);
    await this.#importImage();
  }

  /** SIGTERM stops containers as well. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    await this.#process?.stop(signal, stopTimeoutMs);
  }

  #flags(): string[] {
    const { labName, host, isFirewallManaged, flags } = this.#options;
    const hasIp6tables = host.engine?.release !== '20.10';
    const firewall = isFirewallManaged ? [] : ['--iptables=false', ...(hasIp6tables ? ['--ip6tables=false'] : [])];
    return [
      // The default on cgroup v2 asks systemd, which hosts do not have.
      '--exec-opt=native.cgroupdriver=cgroupfs',
      `--cgroup-parent=${cgroupParent(labName, host.name)}`,
      ...firewall,
      ...flags,
    ];
  }

  async #importImage(): Promise<void> {
    if (this.#hasImage) return;
    const { host, log } = this.#options;
    const change = ['--change', 'CMD ["/bin/sh"]', '--change', 'ENV PATH=/bin:/sbin:/usr/bin:/usr/sbin'];
    await runCommand(dockerCommand(host, ['import', ...change, '-', imageName]), {
      input: await imageTarball(log),
      env: hostEnvironment(),
    });
    this.#hasImage = true;
  }
}
