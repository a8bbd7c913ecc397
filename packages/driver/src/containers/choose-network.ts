import type { Container, ContainerNetwork } from '@routed/docker-engine';
import { prefixContains } from '@routed/ipam';
import type { Network } from '../networks/network.ts';
import { DriverError } from '../ground/errors.ts';

/** A network of ours that a container is on. */
export interface Membership {
  readonly on: ContainerNetwork;
  readonly network: Network;
}

/**
 * The network by which a container is to have an address: the one asked for, or the only one that allows the address.
 * Pure.
 *
 * @throws DriverError NETWORK_UNKNOWN when the container is on no such network, NETWORK_AMBIGUOUS, INVALID_ADDRESS
 */
export function chooseNetwork(
  container: Container,
  address: string,
  asked: string | undefined,
  networkOf: (networkId: string) => Network | undefined,
): Membership {
  const memberships = membershipsOf(container, networkOf);
  const candidates = asked === undefined ? memberships : memberships.filter(({ on }) => isMeant(on, asked));
  if (candidates.length === 0) throw noNetwork(container, memberships, asked);
  const allowing = candidates.filter(({ network }) => allows(network, address));
  const [only, another] = allowing.length === 0 ? candidates : allowing;
  if (only !== undefined && another === undefined) return only;
  const texts = listOf(candidates);
  if (allowing.length > 1) {
    throw new DriverError('NETWORK_AMBIGUOUS', `address ${address}: networks ${texts} allow it: choose with --network`);
  }
  throw new DriverError('INVALID_ADDRESS', `address ${address}: none of the container's networks (${texts}) allows it`);
}

function membershipsOf(container: Container, networkOf: (networkId: string) => Network | undefined): Membership[] {
  return container.networks.flatMap((on) => {
    const network = networkOf(on.networkId);
    return network === undefined ? [] : [{ on, network }];
  });
}

function isMeant({ networkName, networkId }: ContainerNetwork, asked: string): boolean {
  return networkName === asked || (asked.length >= 4 && networkId.startsWith(asked));
}

function allows({ pools, prefixes }: Network, address: string): boolean {
  return [...pools, ...prefixes].some(({ prefix }) => prefixContains(prefix, address));
}

function noNetwork(container: Container, memberships: readonly Membership[], asked: string | undefined): DriverError {
  const known = memberships.length === 0 ? 'none' : listOf(memberships);
  const never = container.networks.some(({ networkId }) => networkId === '');
  const hint = never ? '; it was never started, and Docker reports networks of started containers only' : '';
  const which = asked === undefined ? 'any routed network' : `a routed network "${asked}"`;
  return new DriverError('NETWORK_UNKNOWN', `container ${container.name} is not on ${which} (on: ${known})${hint}`);
}

function listOf(memberships: readonly Membership[]): string {
  return memberships.map(({ on }) => on.networkName).join(', ');
}
