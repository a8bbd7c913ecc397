import { prefixContains } from '@routed/ipam';
import { allAddresses } from '@routed/datapath';
import type { Network } from '../networks/network.ts';
import { DriverError } from '../ground/errors.ts';
import type { Endpoint } from './endpoint.ts';
import type { LeasedAddress } from '../leases/leased-address.ts';

/**
 * The pools that additional addresses of an endpoint come from: a subnet of its network, or a prefix that the network
 * allows. Pure.
 *
 * @param addresses canonical, without repetition
 * @param isAnycast whether other hosts may have them, too; on an anycast network they may anyway
 * @throws DriverError INVALID_ADDRESS for an address that this endpoint cannot have, with the reason
 */
export function locateAdditional(
  addresses: readonly string[],
  endpoint: Pick<Endpoint, 'addresses' | 'additional'>,
  network: Network,
  isAnycast = false,
): LeasedAddress[] {
  const held = new Set(allAddresses(endpoint as Endpoint).map(({ address }) => address));
  const gateways = new Set([...network.pools, ...endpoint.addresses].map(({ gateway }) => gateway));
  return addresses.map((address) => {
    if (held.has(address)) throw refused(address, 'the endpoint has it already');
    if (gateways.has(address)) throw refused(address, 'it is the gateway of the network');
    return locate(address, endpoint, network, isAnycast);
  });
}

function locate(
  address: string,
  { addresses }: Pick<Endpoint, 'addresses'>,
  network: Network,
  isAnycast: boolean,
): LeasedAddress {
  const family = address.includes(':') ? 6 : 4;
  if (!addresses.some((primary) => primary.family === family)) {
    const remedy = family === 6 ? 'create the network with --ipv6' : 'create the network with an IPv4 --subnet';
    throw refused(address, `the endpoint has no IPv${family} address: ${remedy}`);
  }
  const all = [...network.pools, ...network.prefixes];
  const home = all.find(({ prefix }) => prefixContains(prefix, address));
  if (home !== undefined) {
    return { family, address, poolId: home.poolId, ...((isAnycast || network.isAnycast) && { isAnycast: true }) };
  }
  const texts = [...new Set(all.map(({ prefix }) => prefix))].join(', ');
  throw refused(
    address,
    `it is outside the network's prefixes (${texts}); allow more with "docker network create -o routed.prefixes=…"`,
  );
}

function refused(address: string, reason: string): DriverError {
  return new DriverError('INVALID_ADDRESS', `additional address ${address}: ${reason}`);
}
