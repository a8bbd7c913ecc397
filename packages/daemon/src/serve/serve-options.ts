import { isUnicastIpv4, mtuText } from '@routed/driver/option-values';
import { excerpt } from '@routed/text';
import { isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { webPeersText, type WebPlace, webText } from './web-options.ts';

/** What `routed-plugin serve` was told, checked. */
export interface ServeOptions {
  /** The containers' IPv4 gateway, or undefined for the virtual one. */
  readonly gateway?: string;
  /** Link MTU in bytes, or the uplink's. */
  readonly mtu: number | 'auto';
  /** The links that lead off the host, at least one; absent: they are found by themselves. */
  readonly uplinks?: readonly string[];
  readonly sockets: SocketPaths;
  /** Where networks, leases and endpoints are kept. */
  readonly stateDirectory: string;
  /** Where operators' commands are served. */
  readonly adminSocket: string;
  /** Name or number of the group that may use the sockets besides root. */
  readonly socketGroup?: string;
  /** Where Docker is asked which container has an endpoint. */
  readonly dockerSocket: string;
  /** Loopback port of the metrics; none: only the admin socket has them. */
  readonly metricsPort?: number;
  /** Whether the metrics have a series for each address. */
  readonly metricsPerAddress: boolean;
  /** Whether the metrics tell of the routers of this host and their neighbors. */
  readonly metricsRouter: boolean;
  /** Where the page is served besides the admin socket; absent: only there. */
  readonly web?: WebPlace;
  /** The pages of other hosts, each URL with a slash at its end. */
  readonly webPeers: readonly string[];
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  readonly logFormat: 'json' | 'pretty';
}

/** Where each of the three plugin names is served. */
export interface SocketPaths {
  /** Both drivers under one name: the recommended one. */
  readonly routed: string;
  /** The network driver alone, as the Go plugin named it. */
  readonly network: string;
  /** The IPAM driver alone, as the Go plugin named it. */
  readonly ipam: string;
}

const SWITCH_TEXTS: ReadonlyMap<string, boolean> = new Map([
  ...['on', '1', 'true', 'yes'].map((text) => [text, true] as const),
  ...['off', '0', 'false', 'no', ''].map((text) => [text, false] as const),
]);

/** A switch as an environment variable sets it. */
const onOrOff = z
  .string()
  .refine((text) => SWITCH_TEXTS.has(text.toLowerCase()), 'expected on or off')
  .transform((text) => SWITCH_TEXTS.get(text.toLowerCase()) ?? false);

/** At most 15 bytes each, and no character that a rule of iptables takes for a pattern. */
const LINK_LIST = /^\w[\w.-]{0,14}(,\w[\w.-]{0,14})*$/;

/** Options as commander hands them over: texts and flags. */
const rawOptions = z.object({
  gateway: z
    .string()
    .refine(isUnicastIpv4, 'expected an IPv4 unicast address such as 10.200.0.1, without prefix length')
    .optional(),
  mtu: z.union([z.literal('auto'), mtuText], { error: 'expected a number from 68 to 65535, or auto' }),
  uplinks: z
    .string()
    .regex(LINK_LIST, 'expected names of links with commas between them, such as eth0,eth1')
    .transform((text) => [...new Set(text.split(','))])
    .optional(),
  debug: z.union([z.boolean(), onOrOff], { error: 'expected on or off' }).default(false),
  netsock: z.string().min(1, 'expected a plugin name or the path of a socket'),
  ipamsock: z.string().min(1, 'expected a plugin name or the path of a socket'),
  pluginDir: z.string().refine(isAbsolute, 'expected an absolute path such as /run/docker/plugins'),
  stateDir: z.string().refine(isAbsolute, 'expected an absolute path such as /var/lib/routed'),
  adminSocket: z.string().refine(isAbsolute, 'expected an absolute path such as /run/routed/admin.sock'),
  socketGroup: z
    .string()
    .regex(/^[^\s:,]+$/, 'expected the name or the number of a group')
    .optional(),
  dockerSocket: z.string().refine(isAbsolute, 'expected an absolute path such as /var/run/docker.sock'),
  metricsPort: z
    .string()
    .regex(/^\d*$/, 'expected a port from 1 to 65535')
    // A managed plugin has every variable, and an empty one is not set.
    .transform((text) => (text === '' ? undefined : Number(text)))
    .refine((port) => port === undefined || (port >= 1 && port <= 65_535), 'expected a port from 1 to 65535')
    .optional(),
  metricsPerAddress: z.union([z.boolean(), onOrOff], { error: 'expected on or off' }).default(false),
  metricsRouter: z.union([z.boolean(), onOrOff], { error: 'expected on or off' }).default(false),
  web: webText.optional(),
  webPeers: webPeersText,
  logLevel: z.enum(['debug', 'info', 'warn', 'error'], { error: 'expected debug, info, warn or error' }),
  logFormat: z.enum(['json', 'pretty'], { error: 'expected json or pretty' }),
});

/** An option, or an environment variable in its place, that is not understood. */
export class OptionError extends Error {
  override readonly name = 'OptionError';
  readonly code = 'INVALID_OPTION';
}

/**
 * Checks the options of `routed-plugin serve`.
 *
 * @param variableOf the environment variable that a value was taken from, by the option's key; none: it was typed
 * @throws OptionError naming the option or the variable, and the expected form
 */
export function parseServeOptions(
  raw: Readonly<Record<string, unknown>>,
  variableOf: (key: string) => string | undefined = () => undefined,
): ServeOptions {
  const result = rawOptions.safeParse(raw);
  if (!result.success) {
    const [issue] = result.error.issues;
    const key = String(issue?.path[0]);
    const flag = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    const variable = variableOf(key);
    const value = JSON.stringify(excerpt(raw[key]));
    const where = variable === undefined ? `option --${flag} ${value}` : `variable ${variable}=${value} (--${flag})`;
    throw new OptionError(`${where}: ${issue?.message ?? 'not understood'}`);
  }
  const { gateway, uplinks, debug, netsock, ipamsock, pluginDir, stateDir, socketGroup, metricsPort, web, ...plain } =
    result.data;
  return {
    ...plain,
    ...(gateway === undefined ? {} : { gateway }),
    ...(uplinks === undefined ? {} : { uplinks }),
    sockets: {
      routed: join(pluginDir, 'routed.sock'),
      network: socketPath(netsock, pluginDir),
      ipam: socketPath(ipamsock, pluginDir),
    },
    stateDirectory: stateDir,
    ...(socketGroup === undefined ? {} : { socketGroup }),
    ...(metricsPort === undefined ? {} : { metricsPort }),
    ...(web === undefined ? {} : { web: apartFrom(metricsPort, web) }),
    logLevel: debug ? 'debug' : plain.logLevel,
  };
}

/** @throws OptionError when both want one port */
function apartFrom(metricsPort: number | undefined, web: WebPlace): WebPlace {
  if (web.port !== metricsPort) return web;
  throw new OptionError(
    `option --web "${web.text}": the metrics have port ${web.port} (--metrics-port); choose another such as ${web.port + 1}`,
  );
}

function socketPath(nameOrPath: string, pluginDir: string): string {
  return isAbsolute(nameOrPath) ? nameOrPath : join(pluginDir, `${nameOrPath.replace(/\.sock$/, '')}.sock`);
}
