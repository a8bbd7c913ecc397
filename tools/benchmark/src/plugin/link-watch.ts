import { type Monitor, openMonitor } from '@routed/netns';
import { hostLinkName, hostLinkPrefix } from './link-names.ts';
import type { PluginHost } from './plugin-host.ts';

/** Hears of every host link that goes, and knows when its endpoint was deleted. */
export class LinkWatch implements AsyncDisposable {
  /** From the reply to DeleteEndpoint to the end of the link; less than 0 where the link was gone before. */
  readonly goneMs: number[] = [];
  readonly #monitor: Monitor;
  readonly #deletedAt = new Map<string, number>();
  readonly #goneAt = new Map<string, number>();
  /** News was lost. */
  isDeaf = false;

  private constructor(monitor: Monitor) {
    this.#monitor = monitor;
    monitor.on('link', ({ change, link }) => {
      if (change === 'delete' && link.name.startsWith(hostLinkPrefix)) this.#note(link.name, this.#goneAt);
    });
    monitor.on('overrun', () => (this.isDeaf = true));
  }

  static async open(host: PluginHost): Promise<LinkWatch> {
    const receiveBufferBytes = 256 * 2 ** 20;
    return new LinkWatch(await openMonitor({ groups: ['link'], netns: host.netns, receiveBufferBytes }));
  }

  /** To be called when DeleteEndpoint is answered. */
  readonly onDeleted = (endpointId: string): void => this.#note(hostLinkName(endpointId), this.#deletedAt);

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#monitor.close();
  }

  #note(name: string, times: Map<string, number>): void {
    times.set(name, performance.now());
    const deletedAt = this.#deletedAt.get(name);
    const goneAt = this.#goneAt.get(name);
    if (deletedAt !== undefined && goneAt !== undefined) this.goneMs.push(goneAt - deletedAt);
  }
}
