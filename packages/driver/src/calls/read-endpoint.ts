import { containerMac } from '@routed/datapath';
import { prefixContains } from '@routed/ipam';
import type { RequestOf } from '@routed/plugin-protocol';
import type { Endpoint, EndpointAddress } from '../endpoints/endpoint.ts';
import { checkConntrack } from '../networks/check-conntrack.ts';
import { insidersOf, type Network } from '../networks/network.ts';
import { type EndpointOptions, storedOptions } from '../networks/options.ts';
import { DriverError } from '../ground/errors.ts';
import { publishedPorts } from './published-ports.ts';
import { bareAddress } from './read-network.ts';

type CreateEndpoint = RequestOf<'NetworkDriver.CreateEndpoint'>;

/**
 * The endpoint that a CreateEndpoint request describes. Pure.
 *
 * @throws DriverError INVALID_OPTION, INVALID_ADDRESS
 */
export function readEndpoint(request: CreateEndpoint, network: Network, options: EndpointOptions): Endpoint {
  const { Address, AddressIPv6, MacAddress } = request.Interface;
  const addresses = [Address, AddressIPv6].filter((cidr) => cidr !== '').map((cidr) => locate(cidr, network));
  const [first] = addresses;
  if (first === undefined) {
    throw new DriverError(
      'INVALID_ADDRESS',
      'the endpoint has no address: create the network with --ipam-driver routed',
    );
  }
  const ports = publishedPorts(request.Options);
  const kept = storedOptions('endpoint', { ...network, ...options });
  checkConntrack({ ...network, ...kept }, 'omit it, or add driver-opt routed.conntrack=on');
  return {
    id: request.EndpointID,
    networkId: network.id,
    addresses,
    additional: [],
    ...kept,
    ...insidersOf(network),
    ...(ports.length > 0 && { publishedPorts: ports }),
    // Until Docker has said what it is waiting for.
    ...((kept.announce ?? 'always') === 'always' ? {} : { isAnnounced: false }),
    mac: MacAddress === '' ? containerMac(first.address) : MacAddress,
  };
}

function locate(cidr: string, network: Network): EndpointAddress {
  const address = bareAddress(cidr);
  const pool = network.pools.find(({ prefix }) => prefixContains(prefix, address));
  if (pool !== undefined) {
    const { family, poolId, gateway } = pool;
    return { family, address, poolId, gateway, ...(network.isAnycast && { isAnycast: true }) };
  }
  const prefixes = network.pools.map(({ prefix }) => prefix).join(', ');
  throw new DriverError('INVALID_ADDRESS', `address ${address} is outside the network's prefixes (${prefixes})`);
}
