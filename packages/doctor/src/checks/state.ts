import { endpointOfAlias, DELETE_GROUP, type Propagation, propagationOf } from '@routed/datapath';
import type { Link } from '@routed/netns';
import type { DaemonReport } from '@routed/driver';
import { type Check, defineCheck, type Finding } from '../check.ts';
import type { EngineFacts } from '../facts/engine-facts.ts';
import { PLUGIN_NAMES } from './engine.ts';

/** Where Docker mounts the network namespaces of its containers. */
export const SANDBOX_DIRECTORY = '/var/run/docker/netns';

/** Source: linux uapi magic.h, TMPFS_MAGIC and RAMFS_MAGIC. */
const MEMORY_FILE_SYSTEMS: readonly number[] = [0x01021994, 0x858458f6];

export const stateDirectoryCheck = defineCheck<{ readonly path: string; readonly fileSystem: number | undefined }>({
  id: 'state-directory',
  title: 'networks and leases survive a reboot',
  read: async (host) => ({ path: host.paths.stateDir, fileSystem: await host.fileSystem(host.paths.stateDir) }),
  judge: ({ path, fileSystem }) => {
    if (fileSystem === undefined || !MEMORY_FILE_SYSTEMS.includes(fileSystem)) return [];
    return [
      {
        severity: 'warning',
        found: `state directory ${path} is in memory (tmpfs)`,
        why: "Docker never repeats a network's options: after a reboot you must remove and create every network again",
        remedy: 'name a directory on a disk with --state-dir; the default is /var/lib/routed',
      },
    ];
  },
});

export const namespacesCheck = defineCheck<{
  readonly daemonNamespace: string | undefined;
  readonly engineNamespace: string | undefined;
  readonly daemonSide: string | undefined;
  readonly engineSide: Propagation | undefined;
}>({
  id: 'namespaces',
  title: "routed-plugin sees Docker's network namespaces",
  read: async (host) => {
    const daemon = await host.daemon();
    const process = `/proc/${(await host.engine())?.pid ?? 'self'}`;
    return {
      daemonNamespace: daemon?.mountNamespace,
      engineNamespace: await host.linkTarget(`${process}/ns/mnt`),
      daemonSide: daemon?.propagation,
      engineSide: propagationOf((await host.file(`${process}/mountinfo`)) ?? '', '/run/docker/netns'),
    };
  },
  judge: ({ daemonNamespace, engineNamespace, daemonSide, engineSide }) => {
    if (daemonNamespace === undefined || engineNamespace === undefined) return [];
    if (daemonNamespace === engineNamespace) return [];
    const isCut = daemonSide === 'private' || engineSide === 'private';
    if (!isCut) return [];
    return [
      {
        severity: 'broken',
        found: `routed-plugin has a mount namespace of its own, and mounts ${daemonSide === 'private' ? 'do not reach it' : "do not leave Docker's"}`,
        why: `the namespaces that Docker mounts in ${SANDBOX_DIRECTORY} are empty files to it: it cannot set additional addresses`,
        remedy:
          daemonSide === 'private'
            ? `in a container, mount ${SANDBOX_DIRECTORY} with propagation rslave; in a unit of systemd, leave MountFlags at its default`
            : 'remove MountFlags=private (or slave) from docker.service',
      },
    ];
  },
});

export const staleRecordsCheck = defineCheck<{
  readonly daemon: DaemonReport | undefined;
  readonly engine: EngineFacts | undefined;
}>({
  id: 'stale-records',
  title: 'routed-plugin and Docker have the same networks and containers',
  read: async (host) => ({ daemon: await host.daemon(), engine: await host.engine() }),
  judge: ({ daemon, engine }) => {
    if (daemon === undefined || engine === undefined) return [];
    const drivers: readonly string[] = PLUGIN_NAMES;
    const ours = engine.networks.filter(({ driver }) => drivers.includes(driver));
    return [...judgeNetworks(daemon, ours), ...judgeEndpoints(daemon, engine, ours), ...judgeLeases(daemon)];
  },
});

type Networks = EngineFacts['networks'];

function judgeNetworks({ networks }: DaemonReport, ours: Networks): Finding[] {
  const known = new Set(networks.map(({ id }) => id));
  const inDocker = new Set(ours.map(({ id }) => id));
  const lost = ours.filter(({ id }) => !known.has(id));
  const left = networks.filter(({ id }) => !inDocker.has(id));
  return [
    ...lost.map(({ name }): Finding => ({
      severity: 'broken',
      found: `routed-plugin does not know network ${name}`,
      why: "its state was lost, and Docker never repeats a network's options: none of its containers can start",
      remedy: `name Docker's socket with --docker-socket: routed-plugin then rebuilds its records; or disconnect its containers, "docker network rm ${name}", and create it again. Running containers keep their network until then`,
    })),
    ...left.map(({ id, pools }): Finding => ({
      severity: 'warning',
      found: `routed-plugin has network ${id.slice(0, 12)} (${pools.map(({ prefix }) => prefix).join(', ')}), which Docker does not know`,
      why: 'it was removed while the plugin was down: its subnet stays in use, and its gateway on the host',
      remedy: `delete it with "routed-plugin network forget ${id.slice(0, 12)}"`,
    })),
  ];
}

function judgeEndpoints({ endpoints }: DaemonReport, { containers }: EngineFacts, ours: Networks): Finding[] {
  const networkIds = new Set(ours.map(({ id }) => id));
  const parts = containers.flatMap(({ name, networks }) => networks.map((part) => ({ name, ...part })));
  const inDocker = new Set(parts.map(({ endpointId }) => endpointId));
  const known = new Set(endpoints.map(({ id }) => id));
  const dead = endpoints.filter(({ id, sandboxKey }) => sandboxKey !== undefined && !inDocker.has(id));
  const lost = parts.filter(({ networkId, endpointId }) => {
    return networkIds.has(networkId) && endpointId !== '' && !known.has(endpointId);
  });
  return [
    ...dead.map(({ id, addresses }): Finding => ({
      severity: 'warning',
      found: `endpoint ${id.slice(0, 12)} (${addresses.join(', ')}) belongs to no container`,
      why: 'its addresses are announced and in use; routed-plugin frees them a minute after its namespace has gone',
      remedy: 'run doctor again in some minutes; if it stays, restart routed-plugin',
    })),
    ...lost.map(({ name, networkName }): Finding => ({
      severity: 'broken',
      found: `container ${name} is on network ${networkName}, and routed-plugin does not know its endpoint`,
      why: 'its state was lost: the container keeps running, but lost routes are not repaired, and its address may be assigned again',
      remedy: `name Docker's socket with --docker-socket, or start it again ("docker restart ${name}")`,
    })),
  ];
}

function judgeLeases({ looseAddresses }: DaemonReport): Finding[] {
  if (looseAddresses.length === 0) return [];
  return [
    {
      severity: 'warning',
      found: `${looseAddresses.length} addresses are leased to no container, such as ${looseAddresses[0] ?? ''}`,
      why: 'Docker requested them and never released them (it died): they cannot be assigned',
      remedy: 'nothing: routed-plugin frees them after some minutes; if they stay, see its log',
    },
  ];
}

export const staleLinksCheck = defineCheck<{
  readonly links: readonly Link[];
  /** Undefined: it does not run. */
  readonly endpoints: readonly string[] | undefined;
}>({
  id: 'stale-links',
  title: 'no stale container links',
  read: async (host) => ({
    links: await host.containerLinks(),
    endpoints: (await host.daemon())?.endpoints.map(({ id }) => id),
  }),
  judge: ({ links, endpoints }) => {
    const known = endpoints === undefined ? undefined : new Set(endpoints);
    const stale = links.filter(({ alias, group, peerNetnsId }) => {
      // The daemon deletes buried links within a second; without one they stay.
      if (group === DELETE_GROUP) return known === undefined;
      if (known !== undefined) return !known.has(endpointOfAlias(alias) ?? '');
      return peerNetnsId === undefined;
    });
    const [first] = stale;
    if (first === undefined) return [];
    return [
      {
        severity: 'warning',
        found: `${stale.length} stale container links, such as ${first.name}`,
        why: "their routes may still be announced, and attract others' traffic",
        remedy:
          known === undefined
            ? 'start routed-plugin, which deletes them'
            : 'routed-plugin deletes them within 30 s; if they stay, see its log',
      },
    ];
  },
});

export const stateChecks: readonly Check[] = [stateDirectoryCheck, namespacesCheck, staleRecordsCheck, staleLinksCheck];
