import { rm } from 'node:fs/promises';
import type { CommandResult, Host, LabProcess } from '@routed/lab';
import { openPluginClient } from '@routed/plugin-protocol';
import { eventually } from '../support/eventually.ts';
import { start, type, typeOnTerminal } from '../support/shell.ts';
import { clearAway } from '../support/stage.ts';
import type { Running, Shell } from './shell.ts';

const startMs = 15_000;
/** What a page's reader leaves on the host, beside what Docker has. */
const traces = ['/run/reader', '/var/lib/routed', '/etc/default/routed'];

/** A shell on a lab's host that is the reader's alone, in an empty folder. */
export class HostShell implements Shell {
  readonly host: Host;
  readonly #folder: string;
  #plugin: LabProcess | undefined;

  constructor(host: Host, folder = '/run/reader') {
    this.host = host;
    this.#folder = folder;
  }

  async run(line: string): Promise<CommandResult> {
    return type(this.host, this.#inFolder(line));
  }

  async runOnTerminal(line: string, input: string): Promise<CommandResult> {
    return typeOnTerminal(this.host, this.#inFolder(line), input);
  }

  async start(line: string, name: string): Promise<Running> {
    return start(this.host, line, name);
  }

  async serve(line = 'routed-plugin'): Promise<void> {
    await this.endServing();
    this.#plugin = await start(this.host, line, 'plugin');
    for (const name of ['routed', 'ipam-routed']) {
      const client = openPluginClient({ socketPath: this.host.outsidePath(`/run/docker/plugins/${name}.sock`) });
      await eventually(() => client.call('Plugin.Activate'), startMs);
      client.close();
    }
  }

  /** As Ctrl-C where it runs. */
  async endServing(): Promise<void> {
    await this.#plugin?.stop('SIGINT');
    this.#plugin = undefined;
  }

  /** Runs what the page takes for granted, a line at a time. @throws a line that fails */
  async prepare(...lines: readonly string[]): Promise<void> {
    await this.host.exec(['mkdir', '-p', this.#folder]);
    for (const line of lines) {
      const { exitCode, stderr } = await this.run(line);
      if (exitCode !== 0) throw new Error(`${line}: ${stderr}`);
    }
  }

  /** Takes away what the page's commands have left. */
  async leave(): Promise<void> {
    const networks = await this.host.docker('network', 'ls', '--quiet', '--filter', 'type=custom');
    if (this.#plugin === undefined && networks !== '') await this.serve();
    await clearAway(this.host);
    await this.endServing();
    for (const path of traces) await rm(this.host.outsidePath(path), { recursive: true, force: true });
  }

  #inFolder(line: string): string {
    return `cd '${this.#folder}'\n${line}`;
  }
}

/** There is no registry in a lab: `nginx` is a web server of busybox there. */
export async function makeNginx(host: Host): Promise<void> {
  const container = await host.docker('create', 'alpine');
  await host.docker('commit', '--change', 'CMD ["httpd", "-f", "-p", "80", "-h", "/var/www"]', container, 'nginx');
  await host.docker('rm', container);
}
