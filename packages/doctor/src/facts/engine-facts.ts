import { type Container, createDockerEngine, type DockerNetwork } from '@routed/docker-engine';
import { z } from 'zod';
import type { HostReader } from './host-reader.ts';

/** What was written down for dockerd, in daemon.json and on its command line. */
export interface EngineSettings {
  readonly iptables?: boolean;
  readonly ip6tables?: boolean;
  readonly userlandProxy?: boolean;
  readonly firewallBackend?: string;
}

/** A running Docker engine. */
export interface EngineFacts {
  readonly version: string;
  readonly isRootless: boolean;
  readonly hasLiveRestore: boolean;
  readonly settings: EngineSettings;
  readonly networks: readonly Pick<DockerNetwork, 'id' | 'name' | 'driver' | 'ipamDriver'>[];
  readonly containers: readonly Container[];
  /** Plugins that Docker itself runs. */
  readonly managedPlugins: readonly { readonly name: string; readonly isEnabled: boolean }[];
  readonly pid?: number;
}

/** Source: Docker Engine API, SystemInfo, PluginList. */
const info = z.object({
  ServerVersion: z.string(),
  LiveRestoreEnabled: z.boolean().nullish(),
  SecurityOptions: z.array(z.string()).nullish(),
  FirewallBackend: z.object({ Driver: z.string() }).nullish(),
});
const plugins = z.array(z.object({ Name: z.string(), Enabled: z.boolean() }));

/** Undefined when none answers. */
export async function readEngine(host: HostReader): Promise<EngineFacts | undefined> {
  const docker = createDockerEngine({ socketPath: host.paths.dockerSocket });
  try {
    const system = await docker.get('/info', info);
    const pid = Number((await host.file('/var/run/docker.pid'))?.trim());
    const isPidKnown = Number.isInteger(pid) && pid > 0;
    const words = isPidKnown ? ((await host.file(`/proc/${pid}/cmdline`)) ?? '').split('\0') : [];
    const written = engineSettings(await host.file('/etc/docker/daemon.json'), words);
    const backend = system.FirewallBackend?.Driver ?? written.firewallBackend;
    return {
      version: system.ServerVersion,
      isRootless: (system.SecurityOptions ?? []).some((option) => option.startsWith('name=rootless')),
      hasLiveRestore: system.LiveRestoreEnabled ?? false,
      settings: { ...written, ...(backend === undefined ? {} : { firewallBackend: backend }) },
      networks: await docker.networks.networks(),
      containers: await docker.containers.list(),
      managedPlugins: (await docker.get('/plugins', plugins)).map(({ Name: name, Enabled: isEnabled }) => {
        return { name, isEnabled };
      }),
      ...(isPidKnown ? { pid } : {}),
    };
  } catch {
    return undefined;
  }
}

const daemonJson = z.looseObject({
  iptables: z.boolean().optional(),
  ip6tables: z.boolean().optional(),
  'userland-proxy': z.boolean().optional(),
  'firewall-backend': z.string().optional(),
});

/** What dockerd was told. Pure. A file that is no JSON says nothing: dockerd does not start with it. */
export function engineSettings(file: string | undefined, commandLine: readonly string[]): EngineSettings {
  const { data: written = {} } = daemonJson.safeParse(parse(file));
  const flag = (name: string): string | undefined => {
    const word = commandLine.findLast((one) => one === `--${name}` || one.startsWith(`--${name}=`));
    return word?.includes('=') ? word.slice(word.indexOf('=') + 1) : word && 'true';
  };
  const onOff = (name: 'iptables' | 'ip6tables' | 'userland-proxy'): boolean | undefined => {
    const text = flag(name);
    return text === undefined ? written[name] : text !== 'false';
  };
  const told = {
    iptables: onOff('iptables'),
    ip6tables: onOff('ip6tables'),
    userlandProxy: onOff('userland-proxy'),
    firewallBackend: flag('firewall-backend') ?? written['firewall-backend'],
  };
  return Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined));
}

function parse(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '{}');
  } catch {
    return {};
  }
}
