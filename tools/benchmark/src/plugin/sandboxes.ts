import type { Netns } from '@routed/netns';
import { anonymousNetns } from '@routed/netns/testing';
import type { LiveEndpoint } from './docker-calls.ts';
import { containerLinkName } from './link-names.ts';
import type { PluginHost } from './plugin-host.ts';

/** Network namespaces of containers; with them go their links. */
export class Sandboxes implements AsyncDisposable {
  readonly #namespaces: Netns[] = [];

  /** Moves the container's end of each endpoint's link to a namespace of its own, as Docker does, and sets it up there. */
  static async of({ rtnl }: PluginHost, endpoints: readonly LiveEndpoint[]): Promise<Sandboxes> {
    const sandboxes = new Sandboxes();
    for (const { id } of endpoints) {
      const netns = await anonymousNetns();
      sandboxes.#namespaces.push(netns);
      const name = containerLinkName(id);
      await rtnl.links.set({ name }, { netns });
      await using inside = await netns.openRtnl();
      await inside.links.set({ name }, { isUp: true });
    }
    return sandboxes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#namespaces.map((netns) => netns.close()));
  }
}
