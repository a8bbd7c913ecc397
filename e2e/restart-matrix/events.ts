import { expect } from 'chai';
import type { Host } from '@routed/lab';
import { inspect } from '../support/containers.ts';
import { eventually } from '../support/eventually.ts';
import type { Stage } from '../support/stage.ts';
import { reboot } from './reboot.ts';
import type { SurvivalName } from './survivals.ts';
import { statusOf } from './status.ts';
import { installNextVersion } from './upgrade.ts';

type Signal = 'SIGTERM' | 'SIGKILL';

/** Does to the host what the table says; `container` is the one that is watched. */
type Event = (stage: Stage, container: string) => Promise<void>;

/** How each of the events is brought about. */
export const EVENTS: Readonly<Record<SurvivalName, Event>> = {
  'plugin-stopped': (stage) => restartPlugin(stage, 'SIGTERM'),
  'plugin-killed': (stage) => restartPlugin(stage, 'SIGKILL'),
  'plugin-upgraded': async (stage) => {
    const version = await installNextVersion(stage.host);
    await restartPlugin(stage, 'SIGTERM');
    expect((await statusOf(stage.host)).version).to.equal(version);
  },
  'engine-restarted-live': ({ host }) => host.restartEngine('SIGTERM'),
  'engine-killed-live': ({ host }) => host.restartEngine('SIGKILL'),
  'both-killed-live': killBoth,
  'engine-restarted': ({ host }) => host.restartEngine('SIGTERM'),
  'engine-killed': ({ host }) => host.restartEngine('SIGKILL'),
  'both-killed': killBoth,
  'route-deleted': ({ host }) =>
    damage(host, 'ip route delete "$(ip route show proto 200 scope link | grep -o "^[^ ]*")"'),
  'routes-flushed': ({ host }) => damage(host, 'ip route flush proto 200'),
  'link-down': ({ host }) => damage(host, 'ip link set "$(ip -o link | grep -o "vethr[0-9a-f]*")" down'),
  'rules-flushed': ({ host }) => damage(host, 'iptables -F'),
  'ruleset-flushed': ({ host }) => damage(host, 'nft flush ruleset'),
  'ended-meanwhile': async (stage, container) => {
    const { host } = stage;
    const pid = await inspect(host, container, '{{.State.Pid}}');
    await stage.plugin.stop('SIGKILL');
    // Docker calls for 15 s before it gives up. "docker inspect" would wait for that, too.
    const removed = host.docker('rm', '--force', container);
    await eventually(() => host.exec(['test', '!', '-e', `/proc/${pid}`]));
    stage.plugin = await host.startPlugin();
    await removed;
  },
  'state-lost': async (stage) => {
    const { host } = stage;
    await stage.plugin.stop('SIGKILL');
    await host.exec(['rm', '-rf', '/var/lib/routed']);
    stage.plugin = await host.startPlugin();
    await eventually(async () => expect((await statusOf(host)).endpoints).to.have.lengthOf(1));
  },
  'host-rebooted': async (stage) => {
    await reboot(stage.host);
    stage.plugin = await stage.host.startPlugin();
    await stage.host.startEngine();
  },
};

async function restartPlugin(stage: Stage, signal: Signal): Promise<void> {
  await stage.plugin.stop(signal);
  stage.plugin = await stage.host.startPlugin();
}

async function killBoth(stage: Stage): Promise<void> {
  const { host, plugin } = stage;
  await Promise.all([plugin.stop('SIGKILL'), host.stopEngine('SIGKILL')]);
  stage.plugin = await host.startPlugin();
  await host.startEngine();
}

async function damage(host: Host, command: string): Promise<void> {
  await host.exec(['sh', '-c', command]);
}
