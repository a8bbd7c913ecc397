import {
  type AddressSpec,
  isNetlinkError,
  type LinkChange,
  type NeighbourSpec,
  type RouteSpec,
  type Rtnl,
  type RtnlRequests,
  type RuleSpec,
} from '@routed/netns';

/** One change of what a network namespace has. */
export type KernelChange =
  | { readonly kind: 'set-link'; readonly linkIndex: number; readonly change: LinkChange }
  | { readonly kind: 'add-address'; readonly address: AddressSpec }
  | { readonly kind: 'delete-address'; readonly address: Pick<AddressSpec, 'linkIndex' | 'address'> }
  | { readonly kind: 'add-route'; readonly route: RouteSpec }
  | { readonly kind: 'delete-route'; readonly route: RouteSpec }
  | { readonly kind: 'set-neighbour'; readonly neighbour: NeighbourSpec }
  | { readonly kind: 'delete-neighbour'; readonly neighbour: Pick<NeighbourSpec, 'linkIndex' | 'address'> }
  | { readonly kind: 'add-rule'; readonly rule: RuleSpec }
  | { readonly kind: 'delete-rule'; readonly rule: RuleSpec };

/** Fulfilled: whether there was anything to change; only a deletion finds nothing. */
export type ChangeOutcome = PromiseSettledResult<boolean>;

/**
 * Sends changes in order, and in as few system calls as possible: each hop to the kernel and back costs more than what it does
 * there. One that fails does not stop those after it.
 */
export async function sendChanges(
  rtnl: Pick<Rtnl, 'batch'>,
  changes: readonly KernelChange[],
): Promise<readonly ChangeOutcome[]> {
  if (changes.length === 0) return [];
  return await rtnl.batch((requests) => Promise.allSettled(changes.map((change) => send(change, requests))));
}

/** @throws what the first change that failed was rejected with */
export function requireDone(outcomes: readonly ChangeOutcome[]): void {
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** Makes its request before it first waits. */
async function send(change: KernelChange, requests: RtnlRequests): Promise<boolean> {
  const { addresses, routes, neighbours, rules } = requests;
  switch (change.kind) {
    case 'set-link':
      return await done(setLink(requests.links, change));
    case 'add-address':
      return await done(addresses.replace(change.address));
    case 'delete-address':
      return await addresses.delete(change.address);
    case 'add-route':
      return await done(routes.replace(change.route));
    case 'delete-route':
      return await routes.delete(change.route);
    case 'set-neighbour':
      return await done(neighbours.replace(change.neighbour));
    case 'delete-neighbour':
      return await neighbours.delete(change.neighbour);
    case 'add-rule':
      return await done(rules.add(change.rule));
    case 'delete-rule':
      return await rules.delete(change.rule);
  }
}

async function done(request: Promise<unknown>): Promise<true> {
  await request;
  return true;
}

/** Before Linux 6.2 the kernel renames no link that is up. The next round gives back what goes with it. */
async function setLink(
  links: Pick<RtnlRequests['links'], 'set'>,
  { linkIndex: index, change }: Extract<KernelChange, { kind: 'set-link' }>,
): Promise<void> {
  try {
    await links.set({ index }, change);
  } catch (error) {
    if (change.name === undefined || !isNetlinkError(error, 'EBUSY')) throw error;
    await links.set({ index }, { isUp: false });
    await links.set({ index }, { ...change, isUp: true });
  }
}
