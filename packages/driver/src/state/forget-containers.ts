import type { LeasePurpose } from '@routed/ipam';
import type { Logger } from '@routed/datapath';
import type { StateDirectory } from './state-directory.ts';
import { AUXILIARY_HOLDER } from '../leases/auxiliary.ts';

/**
 * Drops the endpoints of an earlier boot and the leases that they had. Networks, gateways, and what operators reserved
 * or gave to a container for good stay.
 */
export async function forgetContainers(
  state: Pick<StateDirectory, 'endpoints' | 'leases' | 'noteBoot'>,
  logger: Logger,
): Promise<void> {
  let count = 0;
  for await (const { id: poolId } of state.leases.loadPools()) {
    for await (const { address, purpose, holder } of state.leases.loadLeases(poolId)) {
      if (!goesWithEndpoint(purpose) || holder?.startsWith(AUXILIARY_HOLDER)) continue;
      await state.leases.deleteLease({ poolId, address });
      count++;
    }
  }
  for (const { id } of await state.endpoints.load()) await state.endpoints.remove(id);
  // Last, so that a crash before this does it all again.
  await state.noteBoot();
  logger.info({ leases: count }, 'host rebooted: freed the leases of its previous containers');
}

function goesWithEndpoint(purpose: LeasePurpose): boolean {
  return purpose === 'endpoint' || purpose === 'additional';
}
