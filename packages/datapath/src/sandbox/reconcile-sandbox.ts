import type { Link, Rtnl } from '@routed/netns';
import { type KernelChange, requireDone, sendChanges } from '../ground/kernel-change.ts';
import { ROUTE_PROTOCOL } from '../names/kernel-names.ts';
import { type SourceRoutingState, planSourceRouting } from './source-routing-plan.ts';
import { SandboxCache } from './sandbox-cache.ts';
import { hasSeveralLinks, planAddresses, type SandboxEndpoint } from './sandbox-plan.ts';
import type { SandboxView } from './sandbox-view.ts';

/** What a visit did. */
export interface SandboxReport {
  /** The endpoints that have what they should have. */
  readonly endpointIds: readonly string[];
  readonly changes: number;
}

/**
 * Makes a sandbox what its endpoints want it to be; waits for Docker to finish with them, event by event.
 *
 * @param endpoints asked before each step: endpoints may leave meanwhile
 * @param until the time at which waiting ends: after `deadlineMs`, or when `signal` is aborted
 * @throws Error when it ends, naming the endpoints that are still waited for
 */
export async function reconcileSandbox(
  view: SandboxView,
  endpoints: () => Promise<readonly SandboxEndpoint[]>,
  until: { readonly deadlineMs: number; readonly signal: AbortSignal },
): Promise<SandboxReport> {
  const signal = AbortSignal.any([until.signal, AbortSignal.timeout(until.deadlineMs)]);
  const sandbox = new SandboxCache(view, signal);
  try {
    for (let changes = 0; ;) {
      const wanted = await endpoints();
      const { isComplete, ...state } = sandbox.read();
      const { changes: due, waitingFor } = planAddresses(wanted, state);
      changes += await apply(view.rtnl, due);
      if (isComplete && waitingFor.length === 0) {
        // After the addresses, which the container is in a hurry for.
        changes += await apply(view.rtnl, planSourceRouting(wanted, await readAnswers(view.rtnl, state.links)));
        return { endpointIds: wanted.map(({ endpoint }) => endpoint.id), changes };
      }
      if (!(await sandbox.change())) throw new Error(`Docker has not set up the link of ${shorten(waitingFor)}`);
    }
  } finally {
    sandbox.close();
  }
}

/** A container with one link has none, unless it had a second one before. */
async function readAnswers({ rules, routes }: Rtnl, links: readonly Link[]): Promise<SourceRoutingState> {
  const ours = { protocol: ROUTE_PROTOCOL };
  const present = await rules.list(ours);
  const needsRoutes = present.length > 0 || hasSeveralLinks(links);
  return { links, rules: present, routes: needsRoutes ? await routes.list(ours) : [] };
}

async function apply(rtnl: Rtnl, changes: readonly KernelChange[]): Promise<number> {
  requireDone(await sendChanges(rtnl, changes));
  return changes.length;
}

function shorten(ids: readonly string[]): string {
  return ids.map((id) => `endpoint ${id.slice(0, 12)}`).join(', ');
}
