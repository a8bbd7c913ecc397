import type { DockerNetwork, DockerSubnet } from '@routed/docker-engine';
import { isIpamError } from '@routed/ipam';
import { type Handler, type MethodName, OPTION_LABELS, parseRequest, type ReplyOf } from '@routed/plugin-protocol';
import { ADDRESS_SPACES } from '../networks/address-spaces.ts';
import type { Drivers } from '../calls/drivers.ts';

/** One subnet as CreateNetwork has it. */
interface PoolData {
  readonly AddressSpace: string;
  readonly Pool: string;
  readonly Gateway: string;
  readonly AuxAddresses: Readonly<Record<string, string>>;
}

/**
 * Makes the calls that Docker made when the user created a network, and that it never makes again. A failure takes
 * back what was made, as Docker does.
 *
 * Source: moby libnetwork/network.go, ipamAllocateVersion.
 */
export async function replayNetwork(network: DockerNetwork, drivers: Drivers): Promise<void> {
  const call = caller(drivers);
  const poolIds: string[] = [];
  try {
    const data: Record<4 | 6, PoolData[]> = { 4: [], 6: [] };
    for (const subnet of network.subnets) {
      const isIpv6 = subnet.prefix.includes(':');
      const pool = await call('IpamDriver.RequestPool', {
        AddressSpace: ADDRESS_SPACES.local,
        Pool: subnet.prefix,
        SubPool: subnet.range,
        V6: isIpv6,
      });
      poolIds.push(pool.PoolID);
      data[isIpv6 ? 6 : 4].push(await replaySubnet(subnet, pool, call));
    }
    await call('NetworkDriver.CreateNetwork', {
      NetworkID: network.id,
      Options: { [OPTION_LABELS.generic]: network.options },
      IPv4Data: data[4],
      IPv6Data: data[6],
    });
  } catch (error) {
    for (const PoolID of poolIds) await call('IpamDriver.ReleasePool', { PoolID });
    throw error;
  }
}

type Call = <M extends MethodName>(method: M, request: object) => Promise<ReplyOf<M>>;

function caller({ network, ipam }: Drivers): Call {
  const handlers = { ...network, ...ipam };
  return async (method, request) => {
    const handler = handlers[method] as unknown as Handler<typeof method>;
    return await handler(parseRequest(method, JSON.stringify(request)));
  };
}

async function replaySubnet(
  { gateway, auxiliary }: DockerSubnet,
  pool: ReplyOf<'IpamDriver.RequestPool'>,
  call: Call,
): Promise<PoolData> {
  const request = async (Address: string, Options: object = {}): Promise<string> =>
    (await call('IpamDriver.RequestAddress', { PoolID: pool.PoolID, Address, Options })).Address;
  const asGateway = { [OPTION_LABELS.requestAddressType]: OPTION_LABELS.gatewayData };
  const Gateway = gateway === '' ? (pool.Data?.[OPTION_LABELS.gatewayData] ?? '') : await request(gateway, asGateway);
  const AuxAddresses: Record<string, string> = {};
  for (const [name, address] of Object.entries(auxiliary)) {
    try {
      AuxAddresses[name] = await request(address);
    } catch (error) {
      // Outside of the part that containers get addresses of: nothing to reserve.
      if (!isIpamError(error, 'OUTSIDE_POOL')) throw error;
    }
  }
  return {
    AddressSpace: ADDRESS_SPACES.local,
    Pool: pool.Pool,
    Gateway,
    AuxAddresses,
  };
}
