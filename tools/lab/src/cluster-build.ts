import type { ClusterPlan, PlannedNode } from './cluster-plan.ts';
import type { EngineRelease } from './engines.ts';
import type { Host } from './host.ts';
import type { Lab, LinkSpec } from './lab.ts';
import type { Router, RouterConfig } from './router.ts';
import type { FrrRelease } from './routers.ts';

/** A machine of a cluster whose router runs. */
export interface ClusterNode {
  readonly node: PlannedNode;
  readonly host: Host;
  readonly router: Router;
}

export interface BuildOptions {
  readonly engine: EngineRelease | 'none';
  readonly engineFlags: readonly string[];
  readonly router: FrrRelease;
  readonly configure: (node: PlannedNode) => RouterConfig;
}

/** Starts the machines of a plan, connects them, and starts their routers. */
export async function buildNodes(lab: Lab, plan: ClusterPlan, options: BuildOptions): Promise<ClusterNode[]> {
  const isWired = plan.wires.length > 0;
  const machines = await Promise.all(
    plan.nodes.map(async (node) => ({ node, host: await addMachine(lab, node, isWired, options) })),
  );
  for (const [one, other] of plan.wires) await lab.addWire(linkOf(machines, one), linkOf(machines, other));
  return Promise.all(
    machines.map(async ({ node, host }) => ({ node, host, router: await host.startRouter(options.configure(node)) })),
  );
}

async function addMachine(lab: Lab, node: PlannedNode, isWired: boolean, options: BuildOptions): Promise<Host> {
  const { engine, engineFlags, router } = options;
  const isHost = node.kind === 'host';
  const address = isWired ? null : (node.links[0]?.address ?? null);
  const host = await lab.addHost({
    name: node.name,
    engine: isHost ? engine : 'none',
    engineFlags,
    router,
    ipForward: !isHost,
    uplink: address === null ? 'none' : { address },
  });
  // What a machine itself sends needs an address even where links have none.
  if (isWired) await host.exec(['ip', 'address', 'add', `${node.routerId}/32`, 'dev', 'lo']);
  return host;
}

function linkOf(
  machines: readonly { readonly node: PlannedNode; readonly host: Host }[],
  end: { readonly node: string; readonly link: string },
): LinkSpec {
  const machine = machines.find(({ node }) => node.name === end.node);
  if (machine === undefined) throw new RangeError(`the plan has a wire to ${end.node}, which it does not have`);
  const planned = machine.node.links.find(({ name }) => name === end.link);
  return { host: machine.host, link: end.link, address: planned?.address ?? null };
}
