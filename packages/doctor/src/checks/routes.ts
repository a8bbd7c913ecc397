import { HOST_FILES, HOST_LINK_PREFIX, ROUTE_PROTOCOL } from '@routed/datapath';
import { join } from 'node:path';
import type { Link, Route } from '@routed/netns';
import { type Check, defineCheck, type Finding } from '../check.ts';
import { isContainerLink } from '../host-view.ts';
import { fixOf } from './network-managers.ts';

const OUR_NAME = 'routed';
const NAME_DIRECTORIES = ['/usr/share/iproute2', '/usr/lib/iproute2', '/etc/iproute2'];

export const protocolNameCheck = defineCheck<string | undefined>({
  id: 'route-protocol-name',
  title: 'route protocol 200 is named routed',
  read: async (host) => {
    const directories = NAME_DIRECTORIES.map((directory) => join(directory, 'rt_protos.d'));
    const files = NAME_DIRECTORIES.map((directory) => join(directory, 'rt_protos'));
    for (const directory of directories) {
      for (const name of await host.list(directory)) if (name.endsWith('.conf')) files.push(join(directory, name));
    }
    const texts = await Promise.all(files.map((path) => host.file(path)));
    return protocolName(texts.map((text) => text ?? '').join('\n'), ROUTE_PROTOCOL);
  },
  judge: (name) => {
    if (name === OUR_NAME) return [];
    if (name !== undefined) {
      return [
        {
          severity: 'warning',
          found: `route protocol ${ROUTE_PROTOCOL} is named "${name}" on this host`,
          why: `another program may use the number: routed deletes unknown routes of protocol ${ROUTE_PROTOCOL} on its links`,
          remedy: 'find the program with that name, and give it another number if it adds routes',
        },
      ];
    }
    return [
      {
        severity: 'note',
        found: `route protocol ${ROUTE_PROTOCOL} has no name on this host`,
        why: HOST_FILES.routeProtocol.why,
        remedy: 'run with --fix',
        fixes: [fixOf(HOST_FILES.routeProtocol)],
      },
    ];
  },
});

/** The name of a route protocol; the last one given counts. Pure. Source: iproute2 lib/rt_names.c. */
export function protocolName(text: string, number: number): string | undefined {
  const names = text.split('\n').flatMap((line) => {
    const [, value, name] = /^\s*(0x[0-9a-f]+|\d+)\s+([^#\s]+)/i.exec(line) ?? [];
    return Number(value) === number && name !== undefined ? [name] : [];
  });
  return names.at(-1);
}

export const protocolUseCheck = defineCheck<{ readonly routes: readonly Route[]; readonly links: readonly Link[] }>({
  id: 'route-protocol-use',
  title: 'no other program adds routes of our protocol',
  read: async (host) => ({ routes: await host.routes(), links: await host.links() }),
  judge: ({ routes, links }) => {
    const byIndex = new Map(links.map((link) => [link.index, link]));
    // Gateway addresses are on the loopback link.
    const isOurs = (link: Link | undefined): boolean =>
      link !== undefined && (link.isLoopback || isContainerLink(link));
    const foreign = routes.filter(({ protocol, linkIndex }) => {
      return protocol === ROUTE_PROTOCOL && !isOurs(linkIndex === undefined ? undefined : byIndex.get(linkIndex));
    });
    const [first] = foreign;
    if (first === undefined) return [];
    return [
      {
        severity: 'warning',
        found: `${foreign.length} routes of protocol ${ROUTE_PROTOCOL} are not on a container link, such as ${first.destination} dev ${byIndex.get(first.linkIndex ?? 0)?.name ?? '?'}`,
        why: 'the number marks a route as ours: its address counts as that of a container on this host',
        remedy: `give them another number, not one of 186 to 198, which FRR uses itself ("ip route show proto ${ROUTE_PROTOCOL}" lists them)`,
      },
    ];
  },
});

export const foreignLinksCheck = defineCheck<readonly Link[]>({
  id: 'foreign-links',
  title: 'only our links are named vethr*',
  read: (host) => host.links(),
  judge: (links): Finding[] => {
    const foreign = links.filter((link) => link.name.startsWith(HOST_LINK_PREFIX) && !isContainerLink(link));
    if (foreign.length === 0) return [];
    const names = foreign.map(({ name }) => name);
    return [
      {
        severity: 'warning',
        found: `links of others have our name prefix: ${names.slice(0, 3).join(', ')}`,
        why: 'the firewall accepts every vethr* link. The Go plugin leaves such links behind; if it still runs, it serves net-routed and ipam-routed, and deletes all vethr* links at its start',
        remedy: `stop the Go plugin; "ip link delete ${names[0] ?? ''}" deletes one, if no container uses it`,
      },
    ];
  },
});

export const routesChecks: readonly Check[] = [protocolNameCheck, protocolUseCheck, foreignLinksCheck];
