import { type Ipam, isIpamError, type Pool } from '@routed/ipam';
import { DriverError } from '../ground/errors.ts';

/** The holder of a gateway's lease, who may ask for it again. */
export const GATEWAY_HOLDER = 'the gateway';

/**
 * Keeps a gateway that lies in a pool from being given to a container.
 *
 * @param origin where the gateway was given, for the error
 * @returns whether it was not kept already
 * @throws DriverError INVALID_ADDRESS when it is leased otherwise, or no address for a host
 */
export async function reserveGateway(ipam: Ipam, pool: Pool, gateway: string, origin: string): Promise<boolean> {
  if (ipam.lease(pool.id, gateway)?.purpose === 'gateway') return false;
  try {
    await ipam.requestAddress({ poolId: pool.id, address: gateway, purpose: 'gateway', holder: GATEWAY_HOLDER });
    return true;
  } catch (error) {
    throw isIpamError(error)
      ? new DriverError('INVALID_ADDRESS', `${origin}: ${error.message}`, { cause: error })
      : error;
  }
}
