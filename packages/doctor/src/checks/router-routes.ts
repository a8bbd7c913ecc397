import { HOST_LINK_PREFIX, ROUTE_PROTOCOL } from '@routed/datapath';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Check, defineCheck, type Finding } from '../check.ts';
import { askRouter, type Question } from '../facts/router-facts.ts';
import type { HostView } from '../host-view.ts';

/** Routes to containers that one of both has and the other has not. */
export interface RouteDifference {
  /** In the kernel alone. */
  readonly missed: readonly string[];
  /** In zebra alone. */
  readonly ghosts: readonly string[];
}

const NO_DIFFERENCE: RouteDifference = { missed: [], ghosts: [] };
/** A container that starts or ends while doctor looks is in one of both. */
const SECOND_LOOK_MS = 1_000;
const KERNEL_ROUTES = ['show ip route kernel', 'show ipv6 route kernel'] as const satisfies readonly Question[];

export const routerRoutesCheck = defineCheck<RouteDifference>({
  id: 'router-routes',
  title: "the router's and the kernel's container routes agree",
  read: async (host) => {
    const routers = await host.routers();
    if (routers?.daemons.some(({ name, isRunning }) => name === 'zebra' && isRunning) !== true) return NO_DIFFERENCE;
    const look = async (): Promise<RouteDifference> => {
      const replies = await Promise.all(KERNEL_ROUTES.map((question) => askRouter(routers.directory, question)));
      return difference(await kernelRoutes(host), new Set(replies.flatMap(zebraRoutes)));
    };
    const first = await look();
    if (first.missed.length + first.ghosts.length === 0) return first;
    await sleep(SECOND_LOOK_MS);
    const second = await look();
    return {
      missed: second.missed.filter((route) => first.missed.includes(route)),
      ghosts: second.ghosts.filter((route) => first.ghosts.includes(route)),
    };
  },
  judge: ({ missed, ghosts }) => {
    const findings: Finding[] = [];
    if (missed.length > 0) {
      findings.push({
        severity: 'broken',
        found: `zebra lacks ${missed.length} container routes, such as ${missed[0] ?? ''}`,
        why: 'it loses kernel notifications when its buffer overflows, and does not resynchronize: other hosts cannot reach these containers',
        remedy: 'restart all of the router\'s daemons together ("systemctl restart frr"), with -s 90000000 for zebra',
      });
    }
    if (ghosts.length > 0) {
      findings.push({
        severity: 'broken',
        found: `zebra has ${ghosts.length} stale container routes, such as ${ghosts[0] ?? ''}`,
        why: 'it announces them forever, and attracts the traffic of containers that moved to another host',
        remedy: 'restart all of the router\'s daemons together ("systemctl restart frr")',
      });
    }
    return findings;
  },
});

function difference(kernel: ReadonlySet<string>, zebra: ReadonlySet<string>): RouteDifference {
  return {
    missed: [...kernel].filter((route) => !zebra.has(route)),
    ghosts: [...zebra].filter((route) => !kernel.has(route)),
  };
}

/** As they are now, not when doctor began. */
async function kernelRoutes(host: HostView): Promise<ReadonlySet<string>> {
  const routes = new Set<string>();
  for (const [family, length] of [
    ['-4', 32],
    ['-6', 128],
  ] as const) {
    const listed = await host.run(['ip', family, '-N', 'route', 'show', 'proto', String(ROUTE_PROTOCOL)]);
    for (const line of (listed?.stdout ?? '').split('\n')) {
      const [, destination, link = ''] = /^(\S+) dev (\S+) /.exec(line) ?? [];
      if (destination === undefined || !link.startsWith(HOST_LINK_PREFIX)) continue;
      routes.add(destination.includes('/') ? destination : `${destination}/${length}`);
    }
  }
  return routes;
}

/** Lines such as `K>* 10.1.0.2/32 [0/0] is directly connected, vethr0123456789, 00:01:02`. Pure. */
export function zebraRoutes(reply: string): string[] {
  return reply.split('\n').flatMap((line) => {
    const [, destination, link = ''] = /^K\S*\s+(\S+\/\d+) .*directly connected, ([^,\s]+)/.exec(line) ?? [];
    return destination !== undefined && link.startsWith(HOST_LINK_PREFIX) ? [destination] : [];
  });
}

export const routerRoutesChecks: readonly Check[] = [routerRoutesCheck];
