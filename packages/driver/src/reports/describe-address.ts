import { hostPrefix, isUntracked } from '@routed/datapath';
import { type Ipam, prefixContains } from '@routed/ipam';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import type { NameBook } from '../ground/endpoint-names.ts';
import type { Journal } from '../ground/journal.ts';
import type { SandboxReconciler } from '../sandboxes/sandbox-reconciler.ts';
import type { NetworkNames } from '../ground/network-names.ts';
import type { NetworkRegistry } from '../networks/network-registry.ts';
import type { AddressAnnouncements } from './address-announcements.ts';
import type { AddressRecord } from './address-record.ts';

/** Of an id in a text. */
const ID_DIGITS = 12;

interface Deps {
  readonly ipam: Ipam;
  readonly endpoints: Pick<EndpointLifecycle, 'get' | 'endpointAt'>;
  readonly sandboxReconciler: Pick<SandboxReconciler, 'statusOf'>;
  readonly announcements: Pick<AddressAnnouncements, 'explain'>;
  readonly journal: Journal;
  readonly names: Pick<NameBook, 'of'>;
  readonly networks: Pick<NetworkRegistry, 'all'>;
  readonly networkNames: Pick<NetworkNames, 'of'>;
}

/** Tells what the daemon knows of one address. */
export function describeAddress(address: string, deps: Deps): AddressRecord {
  const endpointId = deps.endpoints.endpointAt(hostPrefix(address));
  const endpoint = endpointId === undefined ? undefined : deps.endpoints.get(endpointId);
  const sandbox = endpointId === undefined ? undefined : deps.sandboxReconciler.statusOf(endpointId);
  const leases = deps.ipam.pools().map(({ id }) => deps.ipam.lease(id, address));
  const lease = leases.find((found) => found !== undefined);
  const pool = deps.ipam.pools().find(({ prefix }) => prefixContains(prefix, address));
  const block = endpoint?.addresses.find((each) => each.address === address)?.block;
  const isJoined = endpoint?.sandboxKey !== undefined;
  return {
    address,
    ...(lease && { lease }),
    ...(endpoint && {
      endpoint: { ...endpoint, ...(isUntracked(endpoint) && { isUntracked: true }), ...deps.names.of(endpoint.id) },
    }),
    ...(sandbox && { sandbox }),
    ...(isJoined && { announcement: deps.announcements.explain(endpoint, address) }),
    ...(block !== undefined && { block }),
    ...(pool && { pool: pool.id, networks: networksOf(pool.id, deps) }),
    history: deps.journal.entries(address),
  };
}

/** What people call the networks that a pool is of. */
function networksOf(poolId: string, { networks, networkNames }: Pick<Deps, 'networks' | 'networkNames'>): string[] {
  const has = (prefixes: readonly { readonly poolId: string }[]): boolean =>
    prefixes.some((one) => one.poolId === poolId);
  return networks
    .all()
    .filter(({ pools, prefixes }) => has(pools) || has(prefixes))
    .map(({ id }) => networkNames.of(id) ?? id.slice(0, ID_DIGITS));
}
