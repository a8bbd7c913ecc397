import { HOST_FILES, type HostFile, statements } from '@routed/datapath';
import { join } from 'node:path';
import { type Check, defineCheck, type Finding } from '../check.ts';
import type { HostView } from '../host-view.ts';
import type { Fix } from '../fix/fix.ts';

export interface NetworkdFacts {
  /** It has run since boot. */
  readonly isThere: boolean;
  /** Uplinks that it configures. */
  readonly managedUplinks: readonly string[];
  /** Containers' links that it configures. */
  readonly managedContainers: readonly string[];
  /** `ManageForeignRoutes=` and the like, the last of each. */
  readonly manager: ReadonlyMap<string, string>;
  /** A file leaves containers' links alone. */
  readonly hasLinkFile: boolean;
}

export const networkdCheck = defineCheck<NetworkdFacts>({
  id: 'networkd',
  title: 'systemd-networkd leaves container links and router routes alone',
  read: async (host) => {
    const isThere = (await host.list('/run/systemd/netif')).length > 0;
    const managed = new Set(await managedByNetworkd(host));
    const uplinks = (await host.uplinks()).filter(({ index }) => managed.has(index));
    const containers = (await host.containerLinks()).filter(({ index }) => managed.has(index));
    return {
      isThere,
      managedUplinks: uplinks.map(({ name }) => name),
      managedContainers: containers.map(({ name }) => name),
      manager: await readManager(host),
      hasLinkFile: await isConfigured(host, HOST_FILES.networkdLinks),
    };
  },
  judge: ({ isThere, managedUplinks, managedContainers, manager, hasLinkFile }) => {
    if (!isThere) return [];
    const findings: Finding[] = [];
    if (managedContainers.length > 0 || !hasLinkFile) {
      const [first] = managedContainers;
      findings.push({
        severity: first === undefined ? 'warning' : 'broken',
        found:
          first === undefined
            ? 'systemd-networkd runs, and no file excludes vethr*'
            : `systemd-networkd manages ${managedContainers.length} links of containers, such as ${first}`,
        why: HOST_FILES.networkdLinks.why,
        remedy: `run with --fix, then "${HOST_FILES.networkdLinks.then}"`,
        fixes: hasLinkFile ? [] : [fixOf(HOST_FILES.networkdLinks)],
      });
    }
    const isKept = (name: string): boolean => /^(no|false|off|0)$/i.test(manager.get(name) ?? '');
    const isSafe = isKept('ManageForeignRoutes') && isKept('ManageForeignRoutingPolicyRules');
    if (managedUplinks.length > 0 && !isSafe) {
      findings.push({
        severity: 'warning',
        found: `systemd-networkd manages ${managedUplinks.join(', ')}, and all routes there (ManageForeignRoutes=yes)`,
        why: HOST_FILES.networkdRoutes.why,
        remedy: `run with --fix, then "${HOST_FILES.networkdRoutes.then}" once, then restart the router`,
        fixes: [fixOf(HOST_FILES.networkdRoutes)],
      });
    }
    return findings;
  },
});

export const networkManagerCheck = defineCheck<{ readonly isThere: boolean; readonly hasFile: boolean }>({
  id: 'network-manager',
  title: 'NetworkManager leaves container links alone',
  read: async (host) => ({
    isThere: (await host.list('/run/NetworkManager')).length > 0,
    hasFile: await isConfigured(host, HOST_FILES.networkManager),
  }),
  judge: ({ isThere, hasFile }) => {
    if (!isThere || hasFile) return [];
    return [
      {
        severity: 'warning',
        found: 'NetworkManager runs, and no file excludes vethr*',
        why: HOST_FILES.networkManager.why,
        remedy: `run with --fix, then "${HOST_FILES.networkManager.then}"`,
        fixes: [fixOf(HOST_FILES.networkManager)],
      },
    ];
  },
});

/** Writing the file as the administrator's. */
export function fixOf({ path, text, then }: HostFile): Fix {
  return { kind: 'file', path, text, then };
}

/** Whether some file, ours or the operator's, says all that ours would. */
async function isConfigured(host: HostView, { path, alsoIn, text }: HostFile): Promise<boolean> {
  const wanted = statements(text);
  for (const directory of [join(path, '..'), ...alsoIn]) {
    for (const name of await host.list(directory)) {
      const said = statements((await host.file(join(directory, name))) ?? '');
      // The name of a section, such as [device-routed], is everybody's own.
      if (wanted.every((line) => line.startsWith('[') || said.includes(line))) return true;
    }
  }
  return false;
}

/** Source: systemd src/network/networkd-link.c, link_save; files by interface index. */
async function managedByNetworkd(host: HostView): Promise<number[]> {
  const managed: number[] = [];
  for (const index of await host.list('/run/systemd/netif/links')) {
    const state = (await host.file(`/run/systemd/netif/links/${index}`)) ?? '';
    if (/^ADMIN_STATE=(configured|configuring|degraded)$/m.test(state)) managed.push(Number(index));
  }
  return managed;
}

/** networkd.conf and its drop-ins: by name, whatever directory; a file hides its namesakes of lower rank. */
async function readManager(host: HostView): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const directory of ['/usr/lib/systemd', '/run/systemd', '/etc/systemd']) {
    const dropIns = join(directory, 'networkd.conf.d');
    for (const name of await host.list(dropIns)) if (name.endsWith('.conf')) files.set(name, join(dropIns, name));
  }
  const ordered = [...files].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, path]) => path);
  const said = new Map<string, string>();
  for (const path of ['/etc/systemd/networkd.conf', ...ordered]) {
    for (const line of statements((await host.file(path)) ?? '')) {
      const [, name, value] = /^(\w+) ?= ?(.*)$/.exec(line) ?? [];
      if (name !== undefined) said.set(name, value ?? '');
    }
  }
  return said;
}

export const networkManagerChecks: readonly Check[] = [networkdCheck, networkManagerCheck];
