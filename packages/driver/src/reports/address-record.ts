import { hostPrefix } from '@routed/datapath';
import { type Ipam, type Lease, prefixContains } from '@routed/ipam';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import type { Endpoint } from '../endpoints/endpoint.ts';
import type { Journal, JournalEntry } from '../ground/journal.ts';
import type { SandboxReconciler, SandboxStatus } from '../sandboxes/sandbox-reconciler.ts';

/** What the daemon knows of one address. */
export interface AddressRecord {
  readonly address: string;
  readonly lease?: Lease;
  readonly endpoint?: Endpoint;
  /** How the endpoint's part of its sandbox is; absent: it needed nothing there. */
  readonly sandbox?: SandboxStatus;
  /** The pool that the address would be leased from; absent: no network of ours has it. */
  readonly pool?: string;
  /** What happened to it lately, the oldest first. */
  readonly history: readonly JournalEntry[];
}

/** Tells what the daemon knows of one address. */
export function describeAddress(
  address: string,
  deps: {
    readonly ipam: Ipam;
    readonly endpoints: Pick<EndpointLifecycle, 'get' | 'endpointAt'>;
    readonly sandboxReconciler: Pick<SandboxReconciler, 'statusOf'>;
    readonly journal: Journal;
  },
): AddressRecord {
  const endpointId = deps.endpoints.endpointAt(hostPrefix(address));
  const endpoint = endpointId === undefined ? undefined : deps.endpoints.get(endpointId);
  const sandbox = endpointId === undefined ? undefined : deps.sandboxReconciler.statusOf(endpointId);
  const leases = deps.ipam.pools().map(({ id }) => deps.ipam.lease(id, address));
  const lease = leases.find((found) => found !== undefined);
  const pool = deps.ipam.pools().find(({ prefix }) => prefixContains(prefix, address));
  return {
    address,
    ...(lease === undefined ? {} : { lease }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(sandbox === undefined ? {} : { sandbox }),
    ...(pool === undefined ? {} : { pool: pool.id }),
    history: deps.journal.entries(address),
  };
}
