import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Handlers } from '@routed/plugin-protocol';
import type { CallObserver } from './call-observer.ts';
import { PluginServerError } from './errors.ts';
import type { Logger } from './logger.ts';
import { createPluginApp } from './plugin-app.ts';
import { listen } from './plugin-server.ts';
import { PLUGIN_LIMITS, type ServerLimits } from './server-limits.ts';

/** Where Docker looks for sockets, and for files that name an address. Source: moby pkg/plugins/discovery.go. */
const SOCKET_DIRECTORY = '/run/docker/plugins';
const SPEC_DIRECTORY = '/etc/docker/plugins';

/** A plugin to be served. */
export interface PluginOptions {
  /** What users write: `docker network create -d NAME`. */
  readonly name: string;
  /** What it answers. `Plugin.Activate` and calls that most plugins have nothing to do for are answered without a handler. */
  readonly handlers: Handlers;
  /** Where the socket is made. @default '/run/docker/plugins' */
  readonly socketDirectory?: string;
  /** Serves a port of 127.0.0.1 instead of a socket, and writes a spec file that names it. Any local user can use a port. */
  readonly tcp?: {
    readonly port: number;
    /** @default '/etc/docker/plugins' */
    readonly specDirectory?: string;
  };
  /** @default PLUGIN_LIMITS */
  readonly limits?: ServerLimits;
  /** Without it nothing is logged. */
  readonly logger?: Logger;
  /** Without it nothing is counted. */
  readonly observer?: CallObserver;
  /** Whether an error is a refusal, which the user can do something about. @default none is */
  readonly isRefusal?: (error: unknown) => boolean;
}

/** A plugin that is being served. */
export interface RunningPlugin {
  /** Where Docker finds it: `unix:///run/docker/plugins/NAME.sock`, or `tcp://127.0.0.1:PORT`. */
  readonly address: string;
  /** Lets calls under way finish, takes no more, and removes the socket or the spec file. */
  close(): Promise<void>;
}

/**
 * Serves a Docker network or IPAM plugin as dockerd expects it.
 *
 * @throws PluginServerError INVALID_OPTION for a name that Docker would not find, SOCKET_IN_USE, SOCKET_UNUSABLE
 */
export async function servePlugin(options: PluginOptions): Promise<RunningPlugin> {
  const { name, handlers, tcp, limits = PLUGIN_LIMITS, isRefusal = () => false } = options;
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name)) {
    throw new PluginServerError(
      'INVALID_OPTION',
      `plugin name ${JSON.stringify(name)}: expected letters, digits, _ . -`,
    );
  }
  const all = { ...answersOf(handlers), ...handlers };
  const { logger = silent, observer = blind } = options;
  const loaded = Promise.resolve(all);
  const app = createPluginApp({ atOnce: all, loaded, observer, isRefusal, logger, maxCalls: limits.calls });
  if (tcp === undefined) {
    const path = join(options.socketDirectory ?? SOCKET_DIRECTORY, `${name}.sock`);
    const server = await listen({ path }, app, { limits, logger });
    return { address: `unix://${path}`, close: () => server.close() };
  }
  const server = await listen({ port: tcp.port }, app, { limits, logger });
  const address = `tcp://127.0.0.1:${tcp.port}`;
  const directory = tcp.specDirectory ?? SPEC_DIRECTORY;
  const specFile = join(directory, `${name}.spec`);
  await mkdir(directory, { recursive: true });
  await writeFile(specFile, address);
  return {
    address,
    close: async () => {
      await rm(specFile, { force: true });
      await server.close();
    },
  };
}

const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

const blind: CallObserver = { onCall: () => undefined, onError: () => undefined };

/** What Docker asks of every plugin of a kind, also of one that has nothing to say. Source: moby libnetwork/drivers/remote. */
function answersOf(handlers: Handlers): Handlers {
  const kinds = ['NetworkDriver', 'IpamDriver'].filter((kind) =>
    Object.keys(handlers).some((method) => method.startsWith(`${kind}.`)),
  );
  return {
    'Plugin.Activate': () => ({ Implements: kinds }),
    ...(kinds.includes('NetworkDriver') && {
      'NetworkDriver.GetCapabilities': () => ({ Scope: 'local', ConnectivityScope: 'local' }),
      'NetworkDriver.AllocateNetwork': () => ({ Options: {} }),
      'NetworkDriver.FreeNetwork': () => ({}),
      'NetworkDriver.EndpointOperInfo': () => ({ Value: {} }),
      'NetworkDriver.DiscoverNew': () => ({}),
      'NetworkDriver.DiscoverDelete': () => ({}),
      'NetworkDriver.ProgramExternalConnectivity': () => ({}),
      'NetworkDriver.RevokeExternalConnectivity': () => ({}),
    }),
    ...(kinds.includes('IpamDriver') && {
      'IpamDriver.GetCapabilities': () => ({ RequiresMACAddress: false, RequiresRequestReplay: false }),
      'IpamDriver.GetDefaultAddressSpaces': () => ({
        LocalDefaultAddressSpace: 'local',
        GlobalDefaultAddressSpace: 'global',
      }),
    }),
  };
}
