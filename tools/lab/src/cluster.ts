import { buildNodes, type ClusterNode } from './cluster-build.ts';
import { configure, defaultContainers, sessionsOf } from './cluster-config.ts';
import { planCluster, type ClusterProtocol, type ClusterTopology, type PlannedNode } from './cluster-plan.ts';
import type { EngineRelease } from './engines.ts';
import { LabError } from './errors.ts';
import type { Host } from './host.ts';
import { openLab, type Lab, type LabOptions } from './lab.ts';
import type { LabProcess } from './lab-process.ts';
import type { Router, RouterConfig } from './router.ts';
import type { FrrRelease } from './routers.ts';
import { waitUntil } from './unix-http.ts';

export interface ClusterOptions {
  /** @default 3 */
  readonly hosts?: number;
  /** @default 'lan' */
  readonly topology?: ClusterTopology;
  /** @default 'ospf' */
  readonly protocol?: ClusterProtocol;
  /** Spine routers of a leaf-spine fabric. @default 1 */
  readonly spines?: number;
  /** `none`: the hosts have the plugin but no Docker. @default '20.10' */
  readonly engine?: EngineRelease | 'none';
  /** Of dockerd on each host. @default none */
  readonly engineFlags?: readonly string[];
  /** @default '8.4' */
  readonly router?: FrrRelease;
  /** The prefixes that containers have their addresses from. @default 10.1.0.0/16, with OSPFv3 fd00:1::/64 */
  readonly containers?: readonly string[];
  /** Instead of what `@routed/quagga` renders for a node. */
  readonly configure?: (node: PlannedNode) => RouterConfig;
  /** Of the plugin on each host. @default none */
  readonly pluginFlags?: readonly string[];
  readonly lab?: LabOptions;
}

/** A host with engine, plugin and routing daemons. */
export interface ClusterHost {
  readonly name: string;
  readonly host: Host;
  readonly router: Router;
  readonly plugin: LabProcess;
}

/** A router between hosts. */
export interface ClusterSwitch {
  readonly name: string;
  readonly host: Host;
  readonly router: Router;
}

/** Several hosts, connected, whose routers tell each other of containers. */
export interface Cluster extends AsyncDisposable {
  readonly lab: Lab;
  readonly protocol: ClusterProtocol;
  /** The prefixes that containers have their addresses from. */
  readonly containers: readonly string[];
  /** In the order of their names: h1, h2, ... */
  readonly hosts: readonly ClusterHost[];
  /** Leaves and spines; empty on a LAN. */
  readonly switches: readonly ClusterSwitch[];
  /**
   * Waits until every router speaks to each of its neighbors, with BGP also by BFD.
   * @throws {@link LabError} `timeout`, with what the first that does not says of its neighbors
   */
  untilConverged(deadlineMs?: number): Promise<void>;
  /** {@link Lab.close}. */
  close(): Promise<void>;
}

const convergenceMs = 90_000;

/**
 * Opens a cluster; it is ready when every session between its routers is up.
 * Docker starts before the plugin on every host, so that its firewall drops what nobody accepts.
 * @throws {@link LabError}; RangeError for a protocol that the topology cannot carry
 */
export async function openCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const lab = await openLab(options.lab);
  try {
    return await startCluster(lab, options);
  } catch (error) {
    await lab.close();
    throw error;
  }
}

/** {@link openCluster} in a lab that has no hosts yet. When it fails, the lab is for the caller to close. */
export async function startCluster(lab: Lab, options: ClusterOptions = {}): Promise<Cluster> {
  const { hosts = 3, topology = 'lan', protocol = 'ospf', spines = 1 } = options;
  const {
    engine = '20.10',
    engineFlags = [],
    router = '8.4',
    containers = defaultContainers(protocol),
    pluginFlags = [],
  } = options;
  const plan = planCluster({ hosts, topology, protocol, spines });
  const configOf = options.configure ?? ((node) => configure(node, { topology, protocol, containers }));
  const nodes = await buildNodes(lab, plan, { engine, engineFlags, router, configure: configOf });
  const planned = nodes.filter(({ node }) => node.kind === 'host');
  const plugins = await Promise.all(planned.map(({ host }) => host.startPlugin({ flags: pluginFlags })));
  const cluster = new LabCluster(lab, protocol, containers, nodes, plugins);
  await cluster.untilConverged();
  return cluster;
}

class LabCluster implements Cluster {
  readonly lab: Lab;
  readonly protocol: ClusterProtocol;
  readonly containers: readonly string[];
  readonly hosts: readonly ClusterHost[];
  readonly switches: readonly ClusterSwitch[];
  readonly #nodes: readonly ClusterNode[];

  constructor(
    lab: Lab,
    protocol: ClusterProtocol,
    containers: readonly string[],
    nodes: readonly ClusterNode[],
    plugins: readonly LabProcess[],
  ) {
    this.lab = lab;
    this.protocol = protocol;
    this.containers = containers;
    this.#nodes = nodes;
    const named = nodes.map(({ node, host, router }) => ({ kind: node.kind, name: node.name, host, router }));
    const hosts = named.filter(({ kind }) => kind === 'host');
    this.hosts = plugins.flatMap((plugin, index) => hosts.slice(index, index + 1).map((host) => ({ ...host, plugin })));
    this.switches = named.filter(({ kind }) => kind === 'switch');
  }

  async untilConverged(deadlineMs = convergenceMs): Promise<void> {
    const deadline = performance.now() + deadlineMs;
    const asked = this.#nodes.flatMap(({ node, router }) =>
      sessionsOf(node, router.daemons).map((sessions) => ({ node, router, ...sessions })),
    );
    for (const { node, router, command, isUp, count } of asked) {
      let answer = '';
      const ask = async (): Promise<boolean> => {
        answer = await router.vtysh(command);
        return (answer.match(isUp) ?? []).length >= count;
      };
      const hasConverged = await waitUntil(ask, () => false, deadline - performance.now());
      if (!hasConverged)
        throw new LabError('timeout', `${node.name}: fewer than ${count} sessions in "${command}": ${answer}`);
    }
  }

  async close(): Promise<void> {
    await this.lab.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
