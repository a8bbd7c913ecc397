import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { LiveEndpoint } from '../plugin/docker-calls.ts';
import { hostLinkPrefix } from '../plugin/link-names.ts';
import type { PluginHost } from '../plugin/plugin-host.ts';
import { readMemory } from '../probe/probe.ts';
import { countDescriptors, readProcess } from '../process/process-figures.ts';

/** What a daemon has and has made while no endpoint exists. */
export interface RestPoint {
  readonly descriptors: number;
  readonly links: number;
  readonly routes: number;
  readonly neighbours: number;
  readonly freeAddresses: number;
  /** After a garbage collection. */
  readonly heapMb: number;
  readonly residentMb: number;
  readonly stateMb: number;
}

const megabyte = 2 ** 20;
const routeProtocol = 200;
const stateDirectory = '/var/lib/routed';

export async function readRestPoint(host: PluginHost): Promise<RestPoint> {
  const { rtnl, plugin } = host;
  const [links, routes, neighbours] = await Promise.all([
    rtnl.links.list({ kind: 'veth' }),
    rtnl.routes.list({ protocol: routeProtocol }),
    rtnl.neighbours.list(),
  ]);
  const freeAddresses = await countFreeAddresses(host);
  const { heapUsed, external } = await readMemory(host.probePath);
  return {
    descriptors: countDescriptors(plugin.pid),
    // Container links have left for their containers in real life; here they are still there until their pair goes.
    links: links.filter(({ name }) => name.startsWith(hostLinkPrefix)).length,
    routes: routes.length,
    neighbours: neighbours.filter(({ state }) => state === 'permanent').length,
    freeAddresses,
    heapMb: (heapUsed + external) / megabyte,
    residentMb: readProcess(plugin.pid).residentMb,
    stateMb: (await sizeOf(host.host.outsidePath(stateDirectory))) / megabyte,
  };
}

/** Leases every address that is free, and gives all back: a lease that was lost shows. */
async function countFreeAddresses(host: PluginHost): Promise<number> {
  const calls = await host.connect();
  const leased: LiveEndpoint['address'][] = [];
  for (;;) {
    const address = await calls.request().then(
      (lease) => lease.address,
      (error: unknown) => {
        if (!String(error).includes('no free address')) throw error;
        return undefined;
      },
    );
    if (address === undefined) break;
    leased.push(address);
  }
  for (const address of leased) await calls.release(address);
  calls.close();
  return leased.length;
}

async function sizeOf(directory: string): Promise<number> {
  const names = await readdir(directory, { recursive: true });
  // LevelDB removes files while we look.
  const sizes = names.map((name) =>
    stat(join(directory, name)).then(
      (file) => file.size,
      () => 0,
    ),
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
