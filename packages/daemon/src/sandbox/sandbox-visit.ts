import type { Rtnl } from '@routed/netns';
import { ROUTE_PROTOCOL } from '../endpoints/kernel-names.ts';
import { planSandbox, type SandboxAction, type SandboxEndpoint, type SandboxState } from './sandbox-plan.ts';
import type { SandboxEvents, SandboxView } from './sandbox-view.ts';

/** What a visit did. */
export interface VisitReport {
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
export async function visitSandbox(
  view: SandboxView,
  endpoints: () => Promise<readonly SandboxEndpoint[]>,
  until: { readonly deadlineMs: number; readonly signal: AbortSignal },
): Promise<VisitReport> {
  const signal = AbortSignal.any([until.signal, AbortSignal.timeout(until.deadlineMs)]);
  const news = new News(view.events, signal);
  try {
    for (let changes = 0; ;) {
      news.reset();
      const wanted = await endpoints();
      const { actions, waitingFor } = planSandbox(wanted, await readState(view.rtnl));
      await apply(view.rtnl, actions);
      changes += actions.length;
      if (waitingFor.length === 0) return { endpointIds: wanted.map(({ endpoint }) => endpoint.id), changes };
      if (!(await news.next())) throw new Error(`Docker has not set up the link of ${shorten(waitingFor)}`);
    }
  } finally {
    news.close();
  }
}

async function readState({ links, addresses, rules, routes }: Rtnl): Promise<SandboxState> {
  const list = await links.list();
  const needsRules = list.length > 2;
  return {
    links: list,
    addresses: await addresses.list(),
    rules: needsRules ? await rules.list({ protocol: ROUTE_PROTOCOL }) : [],
    routes: needsRules ? await routes.list({ protocol: ROUTE_PROTOCOL }) : [],
  };
}

/** In order, and in as few system calls as possible. */
async function apply(rtnl: Rtnl, actions: readonly SandboxAction[]): Promise<void> {
  if (actions.length === 0) return;
  await rtnl.batch(({ addresses, routes, rules }) =>
    Promise.all(
      actions.map((action): Promise<unknown> => {
        switch (action.kind) {
          case 'add-address':
            return addresses.replace(action.address);
          case 'delete-address':
            return addresses.delete(action.address);
          case 'add-route':
            return routes.replace(action.route);
          case 'add-rule':
            return rules.add(action.rule);
          case 'delete-rule':
            return rules.delete(action.rule);
        }
      }),
    ),
  );
}

function shorten(ids: readonly string[]): string {
  return ids.map((id) => `endpoint ${id.slice(0, 12)}`).join(', ');
}

/** Says when something has changed in the sandbox, until waiting ends. */
class News {
  readonly #signal: AbortSignal;
  readonly #note = (): void => {
    this.#hasChanged = true;
    this.#wake();
  };
  #hasChanged = false;
  #wake: () => void = () => undefined;

  constructor(events: SandboxEvents, signal: AbortSignal) {
    this.#signal = signal;
    events.on('link', this.#note);
    events.on('address', this.#note);
    events.on('overrun', this.#note);
    signal.addEventListener('abort', this.#onAbort);
  }

  readonly #onAbort = (): void => this.#wake();

  /** Forgets what has changed until now. */
  reset(): void {
    this.#hasChanged = false;
  }

  /** Waits for a change since {@link reset}; false: waiting has ended. */
  async next(): Promise<boolean> {
    if (!this.#hasChanged && !this.#signal.aborted) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.#hasChanged;
  }

  close(): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
  }
}
