import { type Ipam, type Pool, prefixContains } from '@routed/ipam';
import type { CleanupStack } from '../ground/cleanup-stack.ts';
import type { UnboundLeases } from '../leases/unbound-leases.ts';
import type { GatewayCheck } from '../networks/gateway-check.ts';
import type { NetworkPool } from '../networks/network.ts';
import type { DockerPools } from './docker-pools.ts';
import type { WantedPool } from './read-network.ts';
import { reserveGateway } from './reserve-gateway.ts';

interface LeasePoolDeps {
  readonly ipam: Ipam;
  readonly loose: UnboundLeases;
  readonly pools: Pick<DockerPools, 'freeLeftover'>;
  readonly gatewayCheck: Pick<GatewayCheck, 'refuseTaken'>;
}

/**
 * Opens the pool of a prefix where Docker has not, and leases the gateway and the auxiliary addresses.
 *
 * @param undo gets what takes it back
 * @throws DriverError ADDRESS_IN_USE, INVALID_ADDRESS
 * @throws IpamError
 */
export async function leasePool(wanted: WantedPool, deps: LeasePoolDeps, undo: CleanupStack): Promise<NetworkPool> {
  const { family, gateway, gatewayOrigin } = wanted;
  const pool = await openPool(wanted, deps, undo);
  for (const [name, address] of Object.entries(wanted.auxiliary)) {
    await keepAuxiliary({ poolId: pool.id, address, name }, deps, undo);
  }
  await deps.gatewayCheck.refuseTaken(gateway, gatewayOrigin);
  if (wanted.isGatewayUnleased && prefixContains(pool.prefix, gateway)) {
    const isNew = await reserveGateway(deps.ipam, pool, gateway, gatewayOrigin);
    if (isNew) undo.add(() => deps.ipam.releaseAddress({ poolId: pool.id, address: gateway }));
  }
  return { poolId: pool.id, family, prefix: pool.prefix, gateway };
}

/** Several sub-pools of one prefix differ only in their owner: this network's is the one that has none yet. */
async function openPool(
  { addressSpace, prefix }: WantedPool,
  { ipam, pools }: LeasePoolDeps,
  undo: CleanupStack,
): Promise<Pool> {
  const open = ipam.findPools(prefix, addressSpace);
  const known = open.find(({ owner }) => owner === undefined) ?? open[0];
  if (known !== undefined) return known;
  const pool = await ipam.requestPool({ addressSpace, prefix });
  undo.add(() => pools.freeLeftover(pool.id));
  return pool;
}

/** Docker asks for an auxiliary address as for a container's; only CreateNetwork says what it is. */
async function keepAuxiliary(
  { name, ...lease }: { readonly poolId: string; readonly address: string; readonly name: string },
  { ipam, loose }: LeasePoolDeps,
  undo: CleanupStack,
): Promise<void> {
  const before = ipam.lease(lease.poolId, lease.address);
  const isUnbound = loose.has(lease);
  await ipam.reassignAddress({ ...lease, purpose: 'auxiliary', holder: `auxiliary address "${name}"` });
  loose.remove(lease);
  undo.add(async () => {
    if (before !== undefined) await ipam.reassignAddress(before);
    if (isUnbound) loose.add(lease);
  });
}
