import { allAddresses, hostPrefix } from '@routed/datapath';
import type { DockerAttachment } from '@routed/docker-engine';
import { type Endpoint, holderOf } from '../endpoints/endpoint.ts';
import { locateAdditional } from '../endpoints/locate-additional.ts';
import { readEndpoint } from '../calls/read-endpoint.ts';
import type { Network } from '../networks/network.ts';
import { parseEndpointOptions } from '../networks/parse-options.ts';

/** What the kernel has of an endpoint: its link, which its alias names, and the routes to it. */
export interface KernelEndpoint {
  readonly mtuBytes: number;
  /** Addresses that the host has a route of ours to by its link. */
  readonly addresses: readonly string[];
  readonly isAnnounced: boolean;
}

/**
 * The record of an endpoint that was lost, from what Docker knows of its container and what the kernel has. Pure.
 *
 * Addresses that only the kernel has were additional ones.
 *
 * @throws DriverError INVALID_ADDRESS, INVALID_OPTION when they do not fit the network
 */
export function recoveredEndpoint(
  attachment: DockerAttachment,
  network: Network,
  { mtuBytes, addresses: routed, isAnnounced }: KernelEndpoint,
): Endpoint {
  const { endpointId, sandboxKey, ipv4, ipv6, mac, gateways } = attachment;
  const options = parseEndpointOptions(attachment.options);
  const request = {
    NetworkID: network.id,
    EndpointID: endpointId,
    Interface: {
      Address: ipv4 === '' ? '' : hostPrefix(ipv4),
      AddressIPv6: ipv6 === '' ? '' : hostPrefix(ipv6),
      MacAddress: mac,
    },
    Options: attachment.options,
  };
  const asked = readEndpoint(request, network, options);
  const addresses = asked.addresses.map((address) => ({
    ...address,
    // A second endpoint of a container has another gateway than its network.
    gateway: gateways[address.family] === '' ? address.gateway : gateways[address.family],
  }));
  const own = new Set(allAddresses(asked).map(({ address }) => address));
  const further = routed.filter((address) => !own.has(address));
  const additional = locateAdditional(further, asked, network, options.isAnycast);
  return {
    ...asked,
    addresses,
    additional: additional.map((address) => ({ ...address, isSticky: false })),
    ...(isAnnounced === (asked.isAnnounced ?? true) ? {} : { isAnnounced }),
    mtuBytes,
    sandboxKey,
  };
}

/** Leases of an endpoint that no request came for. */
export function leasesOf(endpoint: Endpoint): readonly {
  readonly poolId: string;
  readonly address: string;
  readonly purpose: 'endpoint' | 'additional';
  readonly holder: string;
}[] {
  const holder = holderOf(endpoint);
  const { addresses, additional } = endpoint;
  return [
    ...addresses.map(({ poolId, address }) => ({ poolId, address, purpose: 'endpoint', holder }) as const),
    ...additional.map(({ poolId, address }) => ({ poolId, address, purpose: 'additional', holder }) as const),
  ];
}
