import type { Logger } from '@routed/datapath';
import type { StateDirectory } from './state-directory.ts';

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
    for await (const { address, purpose } of state.leases.loadLeases(poolId)) {
      if (purpose !== 'endpoint' && purpose !== 'additional') continue;
      await state.leases.deleteLease({ poolId, address });
      count++;
    }
  }
  for (const { id } of await state.endpoints.load()) await state.endpoints.remove(id);
  // Last, so that a crash before this does it all again.
  await state.noteBoot();
  logger.info({ leases: count }, 'host rebooted: freed the leases of its previous containers');
}
