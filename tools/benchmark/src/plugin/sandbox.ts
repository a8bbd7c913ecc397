import { openNetns } from '@routed/netns';
import type { LiveEndpoint } from './docker-calls.ts';
import { containerLinkName } from './link-names.ts';
import type { PluginHost } from './plugin-host.ts';

const sandboxName = 'sandbox';

/**
 * Moves the containers' ends of the links to another namespace, as Docker does, and sets them up there: they are none of
 * the host's links any more.
 */
export async function moveToSandbox({ host, rtnl }: PluginHost, endpoints: readonly LiveEndpoint[]): Promise<void> {
  await host.exec(['ip', 'netns', 'add', sandboxName]);
  await using sandbox = await openNetns({ path: host.outsidePath(`/run/netns/${sandboxName}`) });
  await using inside = await sandbox.openRtnl();
  for (const { id } of endpoints) {
    const name = containerLinkName(id);
    await rtnl.links.set({ name }, { netns: sandbox });
    await inside.links.set({ name }, { isUp: true });
  }
}
