import { canonicalAddress, type Ipam, type Pool, prefixContains } from '@routed/ipam';
import { OPTION_LABELS, type RequestOf } from '@routed/plugin-protocol';
import { z } from 'zod';
import type { UnboundLeases } from '../leases/unbound-leases.ts';
import type { GatewayCheck } from '../networks/gateway-check.ts';
import type { NetworkPool, NewNetwork } from '../networks/network.ts';
import { type NetworkOptions, storedOptions } from '../networks/options.ts';
import { invalidOption, parseNetworkOptions } from '../networks/parse-options.ts';
import { DriverError } from '../ground/errors.ts';
import { isOurAddressSpace } from '../networks/address-spaces.ts';
import type { DefaultGateways } from './default-gateways.ts';
import { reserveGateway } from './reserve-gateway.ts';

type CreateNetwork = RequestOf<'NetworkDriver.CreateNetwork'>;
type PoolData = CreateNetwork['IPv4Data'][number];

/** Smallest link MTU that IPv6 works with, in bytes. Source: RFC 8200 section 5. */
const IPV6_MIN_MTU_BYTES = 1280;

interface ReadNetworkDeps {
  readonly ipam: Ipam;
  readonly loose: UnboundLeases;
  readonly gateways: DefaultGateways;
  readonly gatewayCheck: Pick<GatewayCheck, 'refuseTaken'>;
}

const genericOptions = z.record(z.string(), z.unknown());

/**
 * The network that a CreateNetwork request describes.
 *
 * @throws DriverError POOL_REQUIRED, ADDRESS_IN_USE, INVALID_OPTION, FOREIGN_IPAM, MTU_TOO_SMALL
 */
export async function readNetwork(
  request: CreateNetwork,
  deps: ReadNetworkDeps & { readonly mtuBytes: number },
): Promise<NewNetwork> {
  if (request.IPv4Data.length + request.IPv6Data.length === 0) {
    throw new DriverError(
      'POOL_REQUIRED',
      'a routed network needs a prefix, and this one has none: add --subnet 10.1.0.0/16 or ' +
        '--ipv6 --subnet fd00:1::/64 (with a prefix of yours), and --ipam-driver routed',
    );
  }
  const generic = genericOptions.safeParse(request.Options[OPTION_LABELS.generic] ?? {});
  const options = parseNetworkOptions(generic.success ? generic.data : {});
  const mtuBytes = options.mtuBytes ?? deps.mtuBytes;
  if (request.IPv6Data.length > 0 && mtuBytes < IPV6_MIN_MTU_BYTES) {
    throw new DriverError(
      'MTU_TOO_SMALL',
      `IPv6 needs an MTU of at least ${IPV6_MIN_MTU_BYTES} bytes, and this network has ${mtuBytes}: ` +
        'set routed.mtu, or omit --ipv6',
    );
  }
  const pools: NetworkPool[] = [];
  for (const data of request.IPv4Data) pools.push(await readPool(data, 4, options, deps));
  for (const data of request.IPv6Data) pools.push(await readPool(data, 6, options, deps));
  checkFamilies(options, pools);
  return { id: request.NetworkID, pools, prefixes: options.prefixes, ...storedOptions('network', options) };
}

async function readPool(
  data: PoolData,
  family: 4 | 6,
  options: NetworkOptions,
  deps: ReadNetworkDeps,
): Promise<NetworkPool> {
  if (!isOurAddressSpace(data.AddressSpace)) {
    throw new DriverError(
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
    const lease = { poolId: pool.id, address: bareAddress(address) };
    await deps.ipam.reassignAddress({ ...lease, purpose: 'auxiliary', holder: `auxiliary address "${name}"` });
    deps.loose.remove(lease);
  }
  const gateway = await readGateway(data, pool, options, deps);
  return { poolId: pool.id, family, prefix: pool.prefix, gateway };
}

/** The next hop: the driver option, --gateway, or the plugin's own, which IPAM offered and Docker sends back. */
async function readGateway(
  data: PoolData,
  pool: Pool,
  options: NetworkOptions,
  deps: ReadNetworkDeps,
): Promise<string> {
  const asked = data.Gateway === '' ? undefined : bareAddress(data.Gateway);
  const wanted = options.gateways[pool.family];
  if (wanted === undefined) {
    const isOwn = asked === undefined || asked === deps.gateways[pool.family];
    const gateway = asked ?? deps.gateways[pool.family];
    await deps.gatewayCheck.refuseTaken(gateway, `--gateway ${gateway}${isOwn ? ' of routed-plugin' : ''}`);
    return gateway;
  }
  if (asked !== undefined && asked !== deps.gateways[pool.family] && asked !== wanted) {
    throw invalidOption('routed.gateway', wanted, `the network has --gateway ${asked}: give one of them`);
  }
  await deps.gatewayCheck.refuseTaken(wanted, `driver option routed.gateway=${wanted}`);
  if (prefixContains(pool.prefix, wanted))
    await reserveGateway(deps.ipam, pool, wanted, `driver option routed.gateway=${wanted}`);
  return wanted;
}

/** A gateway or an additional prefix of a family that the network does not have is a mistake. */
function checkFamilies({ gateways, prefixes }: NetworkOptions, pools: readonly NetworkPool[]): void {
  const has = (family: number): boolean => pools.some((pool) => pool.family === family);
  for (const family of [4, 6] as const) {
    if (has(family)) continue;
    const gateway = gateways[family];
    const prefix = prefixes.find((candidate) => candidate.includes(':') === (family === 6));
    const missing = `the network has no IPv${family}: add ${family === 6 ? '--ipv6 and ' : ''}an IPv${family} --subnet`;
    if (gateway !== undefined) throw invalidOption('routed.gateway', gateway, missing);
    if (prefix !== undefined) throw invalidOption('routed.prefixes', prefix, missing);
  }
}

/** The address of a CIDR text, without its prefix length. */
export function bareAddress(cidr: string): string {
  return canonicalAddress(cidr.replace(/\/.*$/, ''));
}
