import { eventually } from './eventually.ts';
import type { Host, LabProcess } from '@routed/lab';
import { start } from './shell.ts';

const pidFile = '/run/activated.pid';
/** The names that routed.socket and its companions give their sockets. */
const names = ['routed', 'net-routed', 'ipam-routed'];

/** A plugin whose sockets a service manager holds, and which is started by the first connection. */
export interface Activated {
  /** Of the service manager; stopping it takes the sockets away. */
  readonly manager: LabProcess;
  /** As `systemctl restart`: returns when the old one has ended. */
  restart(): Promise<void>;
}

/**
 * Listens with systemd's own program. What it executes at the first connection keeps the sockets and starts the plugin
 * again whenever it ends, as systemd does.
 */
export async function activate(
  host: Host,
  options: { readonly flags?: string; readonly addresses?: readonly string[] } = {},
): Promise<Activated> {
  const { flags = '', addresses = names.map((name) => `${host.pluginDir}/${name}.sock`) } = options;
  const sockets = addresses.map((address) => `--listen=${address}`).join(' ');
  const plugin = `echo $$ >${pidFile}; LISTEN_PID=$$ exec routed-plugin ${flags}`;
  const loop = `while :; do sh -c '${plugin}'; echo "ended with $?"; sleep 0.1; done`;
  const manager = await start(
    host,
    `systemd-socket-activate ${sockets} --fdname=${names.join(':')} sh -c "${loop.replace(/[$"]/g, '\\$&')}"`,
    'activated',
  );
  return {
    manager,
    async restart() {
      // It is started with the first connection, a moment ago perhaps.
      const pid = (await eventually(() => host.exec(['cat', pidFile]))).stdout.trim();
      await host.exec(['kill', pid]);
      await host.exec(['sh', '-c', `while [ -e /proc/${pid} ]; do sleep 0.02; done`]);
    },
  };
}
