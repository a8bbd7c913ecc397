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
        why: 'without it no container is started, and nothing that depends on its settings could be checked',
        remedy: 'start Docker ("systemctl start docker"), or name its socket with --docker-socket',
      },
    ];
  },
});

export const engineVersionCheck = defineCheck<Engine>({
  id: 'engine-version',
  title: 'Docker is a release that routed works with',
  read: (host) => host.engine(),
  judge: (engine) => {
    if (engine?.isRootless === true) {
      return [
        {
          severity: 'broken',
          found: 'Docker runs in rootless mode',
          why: "its containers live in a network namespace of its own, from which the host's routes cannot be changed",
          remedy: "run routed's containers on an engine that root runs",
        },
      ];
    }
    if (engine === undefined || !isOlder(engine.version, OLDEST_ENGINE)) return [];
    return [
      {
        severity: 'broken',
        found: `Docker is ${engine.version}`,
        why: `before ${OLDEST_ENGINE} options of a container do not reach the plugin, and nothing was tested`,
        remedy: `install Docker ${OLDEST_ENGINE} or newer; 20.10, 26 and 28 are tested`,
      },
    ];
  },
});

export const engineFirewallCheck = defineCheck<Engine>({
  id: 'engine-firewall',
  title: 'the firewall that Docker writes is one that routed knows',
  read: (host) => host.engine(),
  judge: (engine) => {
    const { settings } = engine ?? {};
    const findings: Finding[] = [];
    if (settings?.iptables === false) {
      findings.push({
        severity: 'note',
        found: 'Docker leaves the firewall alone ("iptables": false)',
        why: 'there is no chain DOCKER-USER then: filters for containers need a chain of your own; routed works',
        remedy: 'nothing, if that is how it is meant',
      });
    }
    if (settings?.firewallBackend?.startsWith('nftables') === true) {
      findings.push({
        severity: 'warning',
        found: 'Docker writes its firewall with nftables',
        why: 'it neither makes the chain DOCKER-USER nor switches forwarding on, and what it drops in its own tables cannot be accepted elsewhere; routed is not tested with it',
        remedy: 'set "firewall-backend": "iptables" in /etc/docker/daemon.json, or test before you rely on it',
      });
    }
    return findings;
  },
});

export const engineHabitsCheck = defineCheck<Engine>({
  id: 'engine-habits',
  title: 'habits of this release of Docker',
  read: (host) => host.engine(),
  judge: (engine) => {
    if (engine === undefined) return [];
    const findings: Finding[] = [];
    if (engine.hasLiveRestore && !isOlder(engine.version, '29')) {
      findings.push({
        severity: 'warning',
        found: `live-restore with Docker ${engine.version}`,
        why: 'after a restart of dockerd this release has forgotten its endpoints: connecting a running container to a further network fails with "endpoint not found"',
        remedy: 'restart the container after such a failure, or set "live-restore": false in /etc/docker/daemon.json',
      });
    }
    if (engine.settings.userlandProxy === false) {
      findings.push({
        severity: 'note',
        found: 'Docker runs without its userland proxy ("userland-proxy": false)',
        why: 'ports that bridge containers publish are then reached by rules alone, and not from this host by ::1; routed containers publish none',
        remedy: 'nothing, if that is how it is meant',
      });
    }
    return findings;
  },
});

/** Source: Docker documentation, "Docker Plugin API", plugin discovery. */
const SPEC_DIRECTORIES = ['/etc/docker/plugins', '/usr/lib/docker/plugins'];

export const pluginNameCheck = defineCheck<{ readonly engine: Engine; readonly specs: readonly string[] }>({
  id: 'plugin-name',
  title: 'no other plugin has the name',
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
      found: `Docker has a managed plugin ${name} of its own (${isEnabled ? 'enabled' : 'disabled'})`,
      why: 'Docker looks there first, and while it is disabled it does not look at the socket at all',
      remedy: `remove it with "docker plugin rm ${name}", or install ours under another name`,
    }));
    const named = specs.map((path): Finding => ({
      severity: 'warning',
      found: `${path} tells Docker where a plugin of our name is`,
      why: 'whenever our socket is not there, as while routed-plugin is restarted, Docker asks at that address instead',
      remedy: `remove ${path}: sockets in /run/docker/plugins are found without`,
    }));
    return [...managed, ...named];
  },
});

export const engineChecks: readonly Check[] = [
  engineAnswersCheck,
  engineVersionCheck,
  engineFirewallCheck,
  engineHabitsCheck,
  pluginNameCheck,
];
