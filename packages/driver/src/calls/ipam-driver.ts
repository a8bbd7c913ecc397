import { type HostAddresses, hostPrefix } from '@routed/datapath';
import { type Ipam, type Pool, prefixContains } from '@routed/ipam';
import { type Handlers, OPTION_LABELS, type RequestOf } from '@routed/plugin-protocol';
import type { DockerLeases } from './docker-leases.ts';
import type { DockerPools } from './docker-pools.ts';
import { DriverError } from '../ground/errors.ts';
import { ipamCapabilities } from './capabilities.ts';
import type { DefaultGateways } from './default-gateways.ts';
import { GATEWAY_HOLDER, reserveGateway } from './reserve-gateway.ts';

/** What the IPAM driver works with. */
export interface IpamDriverDeps {
  readonly ipam: Ipam;
  readonly host: HostAddresses;
  readonly leases: DockerLeases;
  readonly pools: DockerPools;
  readonly gateways: DefaultGateways;
}

/** Docker's IPAM calls, translated to pools and leases. */
export function ipamDriver(deps: IpamDriverDeps): Handlers {
  return {
    ...ipamCapabilities,
    'IpamDriver.RequestPool': async (request) => {
      const pool = await requestPool(deps, request);
      const gateway = deps.gateways[pool.family];
      return {
        PoolID: pool.id,
        Pool: pool.prefix,
        Data: { [OPTION_LABELS.gatewayData]: hostPrefix(gateway) },
      };
    },
    'IpamDriver.ReleasePool': async ({ PoolID }) => {
      await deps.pools.release(PoolID);
      return {};
    },
    'IpamDriver.RequestAddress': async (request) => {
      const { address } = await requestAddress(deps, request);
      return { Address: hostPrefix(address), Data: {} };
    },
    'IpamDriver.ReleaseAddress': async ({ PoolID, Address }) => {
      await deps.leases.release({ poolId: PoolID, address: Address });
      return {};
    },
  };
}

/**
 * Docker asks again and again, without end, when it is given a pool that overlaps one of the host's routes; and every
 * container of ours is such a route. So a pool is never chosen for the user.
 */
async function requestPool(deps: IpamDriverDeps, request: RequestOf<'IpamDriver.RequestPool'>): Promise<Pool> {
  const { ipam, pools, host, gateways } = deps;
  if (request.Pool === '') {
    const form = request.V6 ? '--ipv6 --subnet fd00:1::/64' : '--subnet 10.1.0.0/16';
    throw new DriverError(
      'POOL_REQUIRED',
      `a routed network needs its ${request.V6 ? 'IPv6' : 'IPv4'} prefix: add ${form} (with a prefix of yours)`,
    );
  }
  const pool = await pools.request({
    addressSpace: request.AddressSpace,
    prefix: request.Pool,
    ...(request.SubPool === '' ? {} : { subPool: request.SubPool }),
    connectedPrefixes: await host.connectedPrefixes(request.V6 ? 6 : 4),
  });
  const gateway = gateways[pool.family];
  if (!prefixContains(pool.prefix, gateway)) return pool;
  try {
    await reserveGateway(ipam, pool, gateway, `--gateway ${gateway} of routed-plugin`);
    return pool;
  } catch (error) {
    if (ipam.usage(pool.id).leased === 0) await ipam.releasePool(pool.id);
    throw error;
  }
}

/**
 * What Docker asks for before CreateNetwork is a gateway, or an auxiliary address, which it names. So an address to choose in a pool
 * without a network is for a container on a network of another driver, whose link could have no such address.
 *
 * @throws DriverError FOREIGN_DRIVER
 */
function refuseForeign({ ipam, pools }: Pick<IpamDriverDeps, 'ipam' | 'pools'>, poolId: string): void {
  const pool = ipam.pool(poolId);
  if (pool === undefined || pools.hasNetwork(poolId)) return;
  throw new DriverError(
    'FOREIGN_DRIVER',
    `subnet ${pool.prefix} belongs to no routed network: the network was created with --ipam-driver routed and another ` +
      'driver, which does not work; remove it, and create it with --driver routed --ipam-driver routed',
  );
}

async function requestAddress(
  { ipam, leases, pools }: IpamDriverDeps,
  request: RequestOf<'IpamDriver.RequestAddress'>,
): Promise<{ readonly address: string }> {
  const { PoolID: poolId, Address: address, Options: options } = request;
  const isGateway = options[OPTION_LABELS.requestAddressType] === OPTION_LABELS.gatewayData;
  if (isGateway) {
    const gateway = { poolId, purpose: 'gateway', holder: GATEWAY_HOLDER } as const;
    return await ipam.requestAddress({ ...gateway, ...(address === '' ? {} : { address }) });
  }
  if (address === '') refuseForeign({ ipam, pools }, poolId);
  const holder = options[OPTION_LABELS.endpointName];
  return await leases.request({
    poolId,
    ...(address === '' ? {} : { address }),
    ...(holder === undefined ? {} : { holder }),
  });
}
