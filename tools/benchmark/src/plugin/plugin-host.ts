import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host, Lab, LabProcess, PluginOptions } from '@routed/lab';
import { type Link, type Netns, openNetns, type Rtnl } from '@routed/netns';
import { probeEnvironment, probeSocket } from '../probe/probe.ts';
import { DockerCalls } from './docker-calls.ts';
import { hostLinkPrefix } from './link-names.ts';
import { createNetwork, type NetworkIds, type NetworkSpec } from './network.ts';

const pollMs = 5;

/** A host without an engine, with the plugin running in it and one network made; the benchmark is its engine. */
export interface PluginHost extends AsyncDisposable {
  readonly host: Host;
  /** The one that runs now; a scenario that starts another one puts it here. */
  plugin: LabProcess;
  readonly network: NetworkIds;
  /** The host's network. */
  readonly netns: Netns;
  readonly rtnl: Rtnl;
  /** The probe's socket, if there is one. */
  readonly probePath: string;
  /** Another connection, the caller's to close; Docker has one for each call under way. */
  connect(): Promise<DockerCalls>;
  /** Returns when the links that the plugin deletes in the background are gone. */
  settle(): Promise<void>;
}

/** What is special about a host. */
export interface PluginHostSpec {
  readonly withProbe?: boolean;
  readonly network?: NetworkSpec;
  readonly plugin?: PluginOptions;
}

/** The path of the plugin's socket, for programs outside of the host. */
export function pluginSocket(host: Host): string {
  return host.outsidePath(join(host.pluginDir, 'routed.sock'));
}

/** The plugin sets links down before it deletes them. */
function isBuried({ name, isUp }: Link): boolean {
  return name.startsWith(hostLinkPrefix) && !isUp;
}

/** The bundle that `tools/bench` made: what packages install is what is measured. */
const bundle = process.env['ROUTED_BENCH_PLUGIN'];

/** How to start the daemon that is measured. */
export function pluginOptions({ withProbe = false } = {}): PluginOptions {
  return { ...(bundle === undefined ? {} : { program: bundle }), ...(withProbe ? { env: probeEnvironment() } : {}) };
}

/** The program that is measured. */
export function pluginProgram(): string {
  return bundle ?? join(import.meta.dirname, '../../../../packages/daemon/dist/main.js');
}

/** Starts a host, the plugin and a network. A probe in the daemon costs memory and start-up time. */
export async function openPluginHost(
  lab: Lab,
  { withProbe = false, network: wanted, plugin: options }: PluginHostSpec = {},
): Promise<PluginHost> {
  const host = await lab.addHost({ engine: 'none' });
  const plugin = await host.startPlugin({ ...pluginOptions({ withProbe }), ...options });
  const netns = await openNetns({ path: host.netnsPath });
  const rtnl = await netns.openRtnl();
  const network = await createNetwork(pluginSocket(host), wanted);
  return {
    host,
    plugin,
    network,
    netns,
    rtnl,
    probePath: host.outsidePath(probeSocket),
    connect: () => DockerCalls.connect(pluginSocket(host), network),
    settle: async () => {
      while ((await rtnl.links.list({ kind: 'veth' })).some(isBuried)) await sleep(pollMs);
    },
    [Symbol.asyncDispose]: async () => {
      await rtnl.close();
      await netns.close();
      // With its namespaces go the links that are left, all at once.
      await host.stop();
    },
  };
}
