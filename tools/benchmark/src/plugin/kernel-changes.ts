import { type Monitor, openMonitor } from '@routed/netns';
import type { PluginHost } from './plugin-host.ts';

/** Finds what changes in a host's network; a write that changes nothing is not seen. */
export class KernelChanges implements AsyncDisposable {
  readonly #host: PluginHost;
  readonly #monitor: Monitor;
  readonly #linksBefore: ReadonlySet<string>;
  readonly #events: string[] = [];

  private constructor(host: PluginHost, monitor: Monitor, linksBefore: ReadonlySet<string>) {
    this.#host = host;
    this.#monitor = monitor;
    this.#linksBefore = linksBefore;
    monitor.on('address', ({ change, address }) => this.#events.push(`address ${address.address} ${change}`));
    monitor.on('route', ({ change, route }) => this.#events.push(`route ${route.destination} ${change}`));
    monitor.on('neighbour', ({ change, neighbour: { address } }) => {
      if (!isMulticast(address)) this.#events.push(`neighbour ${address} ${change}`);
    });
    monitor.on('overrun', () => this.#events.push('more than could be heard'));
  }

  static async open(host: PluginHost): Promise<KernelChanges> {
    const monitor = await openMonitor({ groups: ['address', 'route', 'neighbour'], netns: host.netns });
    return new KernelChanges(host, monitor, await linksOf(host));
  }

  /** One line for each change since it was opened. */
  async all(): Promise<string[]> {
    const links = await linksOf(this.#host);
    const changed = [...links].filter((link) => !this.#linksBefore.has(link));
    const gone = links.size - changed.length < this.#linksBefore.size ? ['links gone'] : [];
    return [...this.#events, ...changed, ...gone];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#monitor.close();
  }
}

/** The kernel makes entries for them when it sends to groups, and forgets them after a minute: nobody else has a part in it. */
function isMulticast(address: string): boolean {
  return address.startsWith('ff') || /^2(2[4-9]|3\d)\./.test(address);
}

/**
 * Every link as a text. Events would not do: the kernel reports the carrier of links that are long up, some hundred a
 * second, after thousands have come at once (linux net/core/link_watch.c).
 */
async function linksOf({ rtnl }: PluginHost): Promise<ReadonlySet<string>> {
  const links = await rtnl.links.list();
  return new Set(
    links.map(({ index, name, isUp, mtuBytes, mac, alias, group }) =>
      JSON.stringify({ index, name, isUp, mtuBytes, mac, alias, group }),
    ),
  );
}
