import { openPluginClient } from '@routed/plugin-protocol';

/** What later calls name a network and its pool by. */
export interface NetworkIds {
  readonly networkId: string;
  readonly poolId: string;
}

/** A network to make. */
export interface NetworkSpec {
  readonly networkId: string;
  readonly subnet: string;
}

const wide: NetworkSpec = { networkId: 'b'.repeat(64), subnet: '10.16.0.0/12' };

/** Makes a network as `docker network create` does; one with room for a million containers, if not told otherwise. */
export async function createNetwork(
  socketPath: string,
  { networkId, subnet }: NetworkSpec = wide,
): Promise<NetworkIds> {
  const client = openPluginClient({ socketPath });
  const spaces = await client.call('IpamDriver.GetDefaultAddressSpaces');
  const AddressSpace = spaces.LocalDefaultAddressSpace ?? '';
  const { PoolID, Pool, Data } = await client.call('IpamDriver.RequestPool', {
    AddressSpace,
    Pool: subnet,
    SubPool: '',
    Options: {},
    V6: false,
  });
  const Gateway = Data?.['com.docker.network.gateway'] ?? '';
  await client.call('NetworkDriver.CreateNetwork', {
    NetworkID: networkId,
    Options: { 'com.docker.network.enable_ipv6': false, 'com.docker.network.generic': {} },
    IPv4Data: [{ AddressSpace, Pool, Gateway, AuxAddresses: {} }],
    IPv6Data: [],
  });
  client.close();
  return { networkId, poolId: PoolID };
}

/** Removes a network as `docker network rm` does. */
export async function deleteNetwork(socketPath: string, { networkId, poolId }: NetworkIds): Promise<void> {
  const client = openPluginClient({ socketPath });
  await client.call('IpamDriver.ReleasePool', { PoolID: poolId });
  await client.call('NetworkDriver.DeleteNetwork', { NetworkID: networkId });
  client.close();
}
