import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from './errors.ts';
import { hostCommand, hostEnvironment, pathFromOutside } from './host-commands.ts';
import { spawnLabProcess, type LabProcess } from './lab-process.ts';
import type { HostRecord } from './lab-state.ts';
import { answers, waitUntil } from './unix-http.ts';

/** Where the engine of a host looks for plugins, as seen inside the host. */
export const pluginDirectory = '/run/docker/plugins';

/** The plugin of this checkout, as Node runs it. */
export const checkoutProgram = join(import.meta.dirname, '../../../packages/daemon/dist/main.js');
const defaultSockets = ['routed', 'net-routed', 'ipam-routed'];
const startTimeoutMs = 20_000;

export interface PluginOptions {
  /** What Node runs. @default {@link checkoutProgram} */
  readonly program?: string;
  /** After `serve`. */
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Address for `node --inspect`, inside the host. */
  readonly inspect?: string;
  /** Return only when every socket answers `Plugin.Activate`. @default true */
  readonly wait?: boolean;
  /** Plugin names to wait for. @default ['routed', 'net-routed', 'ipam-routed'] */
  readonly sockets?: readonly string[];
}

/**
 * Starts the plugin in a host.
 * @throws {@link LabError} `missing-prerequisite` it is not built; `start-failed` with its log
 */
export async function startPlugin(host: HostRecord, options: PluginOptions = {}): Promise<LabProcess> {
  const { program = checkoutProgram, flags = [], env = {}, inspect, wait = true, sockets = defaultSockets } = options;
  if (!existsSync(program)) throw new LabError('missing-prerequisite', `${program} is not built; run tools/setup`);
  const nodeFlags = inspect === undefined ? [] : [`--inspect=${inspect}`];
  const plugin = await spawnLabProcess({
    argv: hostCommand(host, [process.execPath, ...nodeFlags, program, 'serve', ...flags]),
    logFile: join(host.directory, 'plugin.log'),
    env: hostEnvironment(env),
  });
  if (wait) await waitForSockets(host, plugin, sockets);
  return plugin;
}

async function waitForSockets(host: HostRecord, plugin: LabProcess, sockets: readonly string[]): Promise<void> {
  for (const name of sockets) {
    const path = pathFromOutside(host, join(pluginDirectory, `${name}.sock`));
    const isUp = await waitUntil(
      () => answers(path, 'POST', '/Plugin.Activate'),
      () => plugin.hasExited,
      startTimeoutMs,
    );
    if (isUp) continue;
    await plugin.stop('SIGKILL');
    throw new LabError('start-failed', `plugin of ${host.name}, ${name}.sock: ${(await plugin.log()).slice(-2_000)}`);
  }
}
