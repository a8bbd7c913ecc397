import { canonicalAddress, type Ipam } from '@routed/ipam';
import { OPTION_LABELS, type RequestOf } from '@routed/plugin-protocol';
import { z } from 'zod';
import { parseNetworkOptions } from '../networks/network-options.ts';
import type { Network, NetworkPool } from '../networks/network.ts';
import { RoutedError } from '../routed-error.ts';
import { isOurAddressSpace } from './address-spaces.ts';
import type { DefaultGateways } from './default-gateways.ts';

type CreateNetwork = RequestOf<'NetworkDriver.CreateNetwork'>;
type PoolData = CreateNetwork['IPv4Data'][number];

/** Smallest link MTU that IPv6 works with, in bytes. Source: RFC 8200 section 5. */
const IPV6_MIN_MTU_BYTES = 1280;

/** Start of the holder of an address that the operator keeps from containers (--aux-address). */
export const AUXILIARY_HOLDER = 'auxiliary address';

const genericOptions = z.record(z.string(), z.unknown());

/**
 * The network that a CreateNetwork request describes.
 *
 * @throws RoutedError INVALID_OPTION, FOREIGN_IPAM, MTU_TOO_SMALL
 */
export async function readNetwork(
  request: CreateNetwork,
  deps: { readonly ipam: Ipam; readonly gateways: DefaultGateways; readonly mtuBytes: number },
): Promise<Network> {
  const generic = genericOptions.safeParse(request.Options[OPTION_LABELS.generic] ?? {});
  const options = parseNetworkOptions(generic.success ? generic.data : {});
  const mtuBytes = options.mtuBytes ?? deps.mtuBytes;
  if (request.IPv6Data.length > 0 && mtuBytes < IPV6_MIN_MTU_BYTES) {
    throw new RoutedError(
      'MTU_TOO_SMALL',
      `IPv6 needs an MTU of at least ${IPV6_MIN_MTU_BYTES} bytes, and this network has ${mtuBytes}: ` +
        'set routed.mtu, or leave out --ipv6',
    );
  }
  const pools: NetworkPool[] = [];
  for (const data of request.IPv4Data) pools.push(await readPool(data, 4, deps));
  for (const data of request.IPv6Data) pools.push(await readPool(data, 6, deps));
  return { id: request.NetworkID, pools, mtuBytes };
}

async function readPool(
  data: PoolData,
  family: 4 | 6,
  deps: { readonly ipam: Ipam; readonly gateways: DefaultGateways },
): Promise<NetworkPool> {
  if (!isOurAddressSpace(data.AddressSpace)) {
    throw new RoutedError(
      'FOREIGN_IPAM',
      `subnet ${data.Pool} comes from another IPAM driver (address space "${data.AddressSpace}"), which gives no /32 ` +
        'addresses: create the network with --ipam-driver routed',
    );
  }
  const pools = deps.ipam.findPools(data.Pool, data.AddressSpace);
  // Several sub-pools of one prefix differ only in their owner: this network's is the one that has none yet.
  const pool =
    pools.find(({ owner }) => owner === undefined) ??
    pools[0] ??
    (await deps.ipam.requestPool({ addressSpace: data.AddressSpace, prefix: data.Pool }));
  for (const [name, address] of Object.entries(data.AuxAddresses)) {
    // Docker asks for it as for a container's address; only here it says what it is.
    await deps.ipam.assignHolder({
      poolId: pool.id,
      address: bareAddress(address),
      holder: `${AUXILIARY_HOLDER} "${name}"`,
    });
  }
  const gateway = data.Gateway === '' ? deps.gateways[family] : bareAddress(data.Gateway);
  return { poolId: pool.id, family, prefix: pool.prefix, gateway };
}

/** The address of a CIDR text, without its prefix length. */
export function bareAddress(cidr: string): string {
  return canonicalAddress(cidr.replace(/\/.*$/, ''));
}
