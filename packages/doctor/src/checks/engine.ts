import { join } from 'node:path';
import { type Check, defineCheck, type Finding } from '../check.ts';
import type { EngineFacts } from '../facts/engine-facts.ts';
import { isOlder } from './platform.ts';

type Engine = EngineFacts | undefined;

const OLDEST_ENGINE = '20.10';
/** The names that Docker knows our drivers by. */
export const PLUGIN_NAMES = ['routed', 'net-routed', 'ipam-routed'] as const;

export const engineAnswersCheck = defineCheck<{
  readonly socket: string;
  readonly isThere: boolean;
  readonly engine: Engine;
}>({
  id: 'engine',
  title: 'Docker answers',
  read: async (host) => {
    const socket = host.paths.dockerSocket;
    return { socket, isThere: await host.isSocket(socket), engine: await host.engine() };
  },
  judge: ({ socket, isThere, engine }) => {
    if (engine !== undefined) return [];
    return [
      {
        severity: isThere ? 'broken' : 'warning',
        found: isThere ? `Docker does not answer at ${socket}` : `there is no Docker at ${socket}`,
        why: "no container can start, and checks that depend on Docker's settings were skipped",
        remedy: 'start Docker ("systemctl start docker"), or name its socket with --docker-socket',
      },
    ];
  },
});

export const engineVersionCheck = defineCheck<Engine>({
  id: 'engine-version',
  title: 'the Docker release is supported',
  read: (host) => host.engine(),
  judge: (engine) => {
    if (engine?.isRootless === true) {
      return [
        {
          severity: 'broken',
          found: 'Docker runs in rootless mode',
          why: "its containers run in a separate network namespace that cannot change the host's routes",
          remedy: 'use an engine that runs as root',
        },
      ];
    }
    if (engine === undefined || !isOlder(engine.version, OLDEST_ENGINE)) return [];
    return [
      {
        severity: 'broken',
        found: `Docker is ${engine.version}`,
        why: `before ${OLDEST_ENGINE} container options do not reach the plugin, and nothing was tested`,
        remedy: `install Docker ${OLDEST_ENGINE} or newer; 20.10, 26 and 28 are tested`,
      },
    ];
  },
});

export const engineFirewallCheck = defineCheck<Engine>({
  id: 'engine-firewall',
  title: "Docker's firewall backend is supported",
  read: (host) => host.engine(),
  judge: (engine) => {
    const { settings } = engine ?? {};
    const findings: Finding[] = [];
    if (settings?.iptables === false) {
      findings.push({
        severity: 'note',
        found: 'Docker leaves the firewall alone ("iptables": false)',
        why: 'there is no chain DOCKER-USER: filters for containers need your own chain; routed works',
        remedy: 'nothing, if that is intended',
      });
    }
    if (settings?.firewallBackend?.startsWith('nftables') === true) {
      findings.push({
        severity: 'note',
        found: 'Docker writes its firewall with nftables',
        why: 'its chains drop only packets of its own bridges, so routed works; but there is no chain DOCKER-USER, and dockerd starts only where forwarding is on',
        remedy:
          'start routed-plugin before Docker, or set net.ipv4.ip_forward=1 in /etc/sysctl.d; filters for containers belong in your own table',
      });
    }
    return findings;
  },
});

export const foreignNetworksCheck = defineCheck<Engine>({
  id: 'foreign-networks',
  title: 'no network of another driver has our addresses',
  read: (host) => host.engine(),
  judge: (engine) => {
    const isOurs = (driver: string): boolean => PLUGIN_NAMES.some((name) => name === driver.replace(/:[^/]*$/, ''));
    const mixed = (engine?.networks ?? []).filter(({ driver, ipamDriver }) => isOurs(ipamDriver) && !isOurs(driver));
    return mixed.map(({ name, driver, ipamDriver }) => ({
      severity: 'broken',
      found: `network ${name} has --ipam-driver ${ipamDriver} and --driver ${driver}`,
      why: `containers on it cannot start: addresses of routed are single ones (/32), which ${driver} cannot use`,
      remedy: `remove it ("docker network rm ${name}"), and create it with --driver routed, or without --ipam-driver`,
    }));
  },
});

export const engineHabitsCheck = defineCheck<Engine>({
  id: 'engine-habits',
  title: 'known issues of this Docker release',
  read: (host) => host.engine(),
  judge: (engine) => {
    if (engine === undefined) return [];
    const findings: Finding[] = [];
    if (engine.hasLiveRestore && !isOlder(engine.version, '29')) {
      findings.push({
        severity: 'warning',
        found: `live-restore with Docker ${engine.version}`,
        why: 'after a restart of dockerd this release loses its endpoints: connecting a running container to another network fails with "endpoint not found"',
        remedy: 'restart the container after such a failure, or set "live-restore": false in /etc/docker/daemon.json',
      });
    }
    if (engine.settings.userlandProxy === false) {
      findings.push({
        severity: 'note',
        found: 'Docker runs without its userland proxy ("userland-proxy": false)',
        why: 'published ports of bridge containers then depend on firewall rules, and ::1 does not reach them; routed containers publish none',
        remedy: 'nothing, if that is intended',
      });
    }
    return findings;
  },
});

/** Source: Docker documentation, "Docker Plugin API", plugin discovery. */
const SPEC_DIRECTORIES = ['/etc/docker/plugins', '/usr/lib/docker/plugins'];

export const pluginNameCheck = defineCheck<{ readonly engine: Engine; readonly specs: readonly string[] }>({
  id: 'plugin-name',
  title: 'no other plugin uses our names',
  read: async (host) => {
    const wanted = PLUGIN_NAMES.flatMap((name) => [`${name}.spec`, `${name}.json`]);
    const specs: string[] = [];
    for (const directory of SPEC_DIRECTORIES) {
      const names = (await host.list(directory)).filter((name) => wanted.includes(name));
      specs.push(...names.map((name) => join(directory, name)));
    }
    return { engine: await host.engine(), specs };
  },
  judge: ({ engine, specs }) => {
    const names: readonly string[] = PLUGIN_NAMES;
    const taken = (engine?.managedPlugins ?? []).filter(({ name }) => names.includes(name.replace(/:latest$/, '')));
    const managed = taken.map(({ name, isEnabled }): Finding => ({
      severity: 'broken',
      found: `Docker has a managed plugin ${name} (${isEnabled ? 'enabled' : 'disabled'})`,
      why: 'Docker prefers it, and ignores our socket even while it is disabled',
      remedy: `remove it with "docker plugin rm ${name}", or install ours under another name`,
    }));
    const named = specs.map((path): Finding => ({
      severity: 'warning',
      found: `${path} defines a plugin with our name`,
      why: 'whenever our socket is missing, for instance during a restart, Docker uses that address instead',
      remedy: `remove ${path}: Docker finds sockets in /run/docker/plugins without it`,
    }));
    return [...managed, ...named];
  },
});

export const engineChecks: readonly Check[] = [
  engineAnswersCheck,
  engineVersionCheck,
  engineFirewallCheck,
  foreignNetworksCheck,
  engineHabitsCheck,
  pluginNameCheck,
];
