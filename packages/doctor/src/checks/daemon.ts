import { join } from 'node:path';
import { type Check, defineCheck, type Finding } from '../check.ts';
import type { HostView } from '../host-view.ts';
import { PLUGIN_NAMES } from './engine.ts';

/** A place where Docker looks for us. */
export interface PluginSocket {
  readonly path: string;
  /** `stale`: the file is there, and nobody listens. */
  readonly state: 'served' | 'stale' | 'absent';
}

export const pluginSocketsCheck = defineCheck<{
  readonly sockets: readonly PluginSocket[];
  /** Those of other plugins. */
  readonly others: readonly PluginSocket[];
  readonly hasDaemon: boolean;
}>({
  id: 'plugin-sockets',
  title: "the plugin's sockets are served",
  read: async (host) => {
    const listening = listeningPaths((await host.file('/proc/net/unix')) ?? '');
    const paths = PLUGIN_NAMES.map((name) => join(host.paths.pluginDir, `${name}.sock`));
    const sockets = await Promise.all(paths.map((path) => readSocket(host, path, listening)));
    const names = (await host.list(host.paths.pluginDir)).filter((name) => name.endsWith('.sock'));
    const foreign = names.map((name) => join(host.paths.pluginDir, name)).filter((path) => !paths.includes(path));
    const others = await Promise.all(foreign.map((path) => readSocket(host, path, listening)));
    return { sockets, others, hasDaemon: (await host.daemon()) !== undefined };
  },
  judge: ({ sockets, others, hasDaemon }) => {
    const stale = sockets.filter(({ state }) => state === 'stale');
    const absent = sockets.filter(({ state }) => state === 'absent');
    const findings: Finding[] = stale.map(({ path }) => ({
      severity: 'broken',
      found: `nobody listens on ${path}`,
      why: 'Docker waits 15 s for it at every volume listing, and per network at its start',
      remedy: 'start routed-plugin, which recreates it; or remove the file',
      fixes: [{ kind: 'stale-socket', path }],
    }));
    for (const { path } of others.filter(({ state }) => state === 'stale')) {
      findings.push({
        severity: 'warning',
        found: `nobody listens on ${path}, which is another plugin's`,
        why: 'Docker waits 15 s for it at every volume listing, which can delay container starts',
        remedy: 'start that plugin, or remove the file',
      });
    }
    if (hasDaemon && absent.length > 0) {
      findings.push({
        severity: 'broken',
        found: `routed-plugin runs, but there is no ${absent.map(({ path }) => path).join(', ')}`,
        why: 'Docker does not find the plugin, and waits 15 s before it reports that',
        remedy: 'restart routed-plugin; running containers keep their network',
      });
    }
    return findings;
  },
});

/** How often the daemon compares with the kernel, and how long it may be late. */
const LATE_MS = 90_000;

export const daemonCheck = defineCheck<{
  readonly socket: string;
  readonly isListening: boolean;
  readonly answers: boolean;
  readonly reconciledMsAgo: number | undefined;
}>({
  id: 'daemon',
  title: 'routed-plugin runs and reconciles',
  read: async (host) => {
    const socket = host.paths.adminSocket;
    const daemon = await host.daemon();
    const isListening = daemon !== undefined || (await host.accepts(socket));
    return { socket, isListening, answers: daemon !== undefined, reconciledMsAgo: daemon?.reconciledMsAgo };
  },
  judge: ({ socket, isListening, answers, reconciledMsAgo }) => {
    if (!isListening) {
      return [
        {
          severity: 'broken',
          found: `routed-plugin does not run (nobody listens on ${socket})`,
          why: 'running containers keep their network, but none can start, and nothing is repaired; networks, pools and endpoints were not checked',
          remedy: 'start routed-plugin, or name its socket with --admin-socket',
        },
      ];
    }
    if (!answers) {
      return [
        {
          severity: 'broken',
          found: `routed-plugin listens on ${socket} but does not report its state`,
          why: 'it hangs, cannot read its state directory, or has a different release than this command',
          remedy: 'read its log, then restart it; running containers keep their network',
        },
      ];
    }
    if (reconciledMsAgo === undefined || reconciledMsAgo <= LATE_MS) return [];
    return [
      {
        severity: 'broken',
        found: `routed-plugin last reconciled ${Math.round(reconciledMsAgo / 1000)} s ago`,
        why: 'it reconciles every 30 s: until then, lost routes and links stay lost',
        remedy: 'read its log, then restart it; running containers keep their network',
      },
    ];
  },
});

/** Nobody is connected to: a service manager would start the plugin. */
async function readSocket(host: HostView, path: string, listening: ReadonlySet<string>): Promise<PluginSocket> {
  if (!(await host.isSocket(path))) return { path, state: 'absent' };
  // A listener in another mount namespace knows the socket by another path.
  const isServed = listening.has(samePlace(path)) || (await host.accepts(path));
  return { path, state: isServed ? 'served' : 'stale' };
}

/** Source: linux net/unix/af_unix.c unix_seq_show; flags hold SO_ACCEPTCON for one that listens. */
export function listeningPaths(table: string): ReadonlySet<string> {
  const rows = table.split('\n').map((line) => line.trim().split(/\s+/));
  return new Set(rows.filter(([, , , flags]) => flags === '00010000').map((row) => samePlace(row[7] ?? '')));
}

function samePlace(path: string): string {
  return path.replace(/^\/var\/run\//, '/run/');
}

export const daemonChecks: readonly Check[] = [daemonCheck, pluginSocketsCheck];
