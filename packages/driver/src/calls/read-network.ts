import { canonicalAddress } from '@routed/ipam';
import { OPTION_LABELS, type RequestOf } from '@routed/plugin-protocol';
import { z } from 'zod';
import { checkBlocks } from '../networks/check-blocks.ts';
import { checkConntrack } from '../networks/check-conntrack.ts';
import type { NewNetwork } from '../networks/network.ts';
import { type NetworkOptions, storedOptions } from '../networks/options.ts';
import { checkBursts, invalidOption, parseNetworkOptions } from '../networks/parse-options.ts';
import { DriverError } from '../ground/errors.ts';
import { isOurAddressSpace } from '../networks/address-spaces.ts';
import type { DefaultGateways } from './default-gateways.ts';

type CreateNetwork = RequestOf<'NetworkDriver.CreateNetwork'>;
type PoolData = CreateNetwork['IPv4Data'][number];

/** Smallest link MTU that IPv6 works with, in bytes. Source: RFC 8200 section 5. */
const IPV6_MIN_MTU_BYTES = 1280;

/** One prefix of a network, of which nothing is leased yet. */
export interface WantedPool {
  readonly family: 4 | 6;
  readonly addressSpace: string;
  readonly prefix: string;
  /** The containers' default gateway: a bare address. */
  readonly gateway: string;
  /** Where the gateway was given, for errors. */
  readonly gatewayOrigin: string;
  /** Whether Docker does not know of the gateway, and so has not leased it. */
  readonly isGatewayUnleased: boolean;
  /** Bare addresses that the operator keeps from containers, by their names. */
  readonly auxiliary: Readonly<Record<string, string>>;
}

/** A network before its prefixes are pools. */
export type WantedNetwork = Omit<NewNetwork, 'pools'> & { readonly pools: readonly WantedPool[] };

const genericOptions = z.record(z.string(), z.unknown());

/**
 * The network that a CreateNetwork request describes. Pure.
 *
 * @throws DriverError POOL_REQUIRED, INVALID_OPTION, FOREIGN_IPAM, MTU_TOO_SMALL
 */
export function readNetwork(
  request: CreateNetwork,
  defaults: { readonly gateways: DefaultGateways; readonly mtuBytes: number },
): WantedNetwork {
  if (request.IPv4Data.length + request.IPv6Data.length === 0) {
    throw new DriverError(
      'POOL_REQUIRED',
      'a routed network needs a prefix, and this one has none: add --subnet 10.1.0.0/16 or ' +
        '--ipv6 --subnet fd00:1::/64 (with a prefix of yours), and --ipam-driver routed',
    );
  }
  const generic = genericOptions.safeParse(request.Options[OPTION_LABELS.generic] ?? {});
  const options = parseNetworkOptions(generic.success ? generic.data : {});
  const mtuBytes = options.mtuBytes ?? defaults.mtuBytes;
  if (request.IPv6Data.length > 0 && mtuBytes < IPV6_MIN_MTU_BYTES) {
    throw new DriverError(
      'MTU_TOO_SMALL',
      `IPv6 needs an MTU of at least ${IPV6_MIN_MTU_BYTES} bytes, and this network has ${mtuBytes}: ` +
        'set routed.mtu, or omit --ipv6',
    );
  }
  checkBursts(options, mtuBytes);
  const pools = [
    ...request.IPv4Data.map((data) => readPool(data, 4, options, defaults.gateways)),
    ...request.IPv6Data.map((data) => readPool(data, 6, options, defaults.gateways)),
  ];
  checkFamilies(options, pools);
  checkBlocks({ ...options, pools });
  checkConntrack(options);
  return { id: request.NetworkID, pools, prefixes: options.prefixes, ...storedOptions('network', options) };
}

function readPool(data: PoolData, family: 4 | 6, options: NetworkOptions, gateways: DefaultGateways): WantedPool {
  const { AddressSpace: addressSpace, Pool: prefix, AuxAddresses } = data;
  if (!isOurAddressSpace(addressSpace)) {
    throw new DriverError(
      'FOREIGN_IPAM',
      `subnet ${prefix} comes from another IPAM driver (address space "${addressSpace}"), which gives no /32 ` +
        'addresses: create the network with --ipam-driver routed',
    );
  }
  const auxiliary = Object.entries(AuxAddresses).map(([name, address]) => [name, bareAddress(address)] as const);
  return {
    family,
    addressSpace,
    prefix,
    auxiliary: Object.fromEntries(auxiliary),
    ...readGateway(data, options.gateways[family], gateways[family]),
  };
}

/** The next hop: the driver option, --gateway, or the plugin's own, which IPAM offered and Docker sends back. */
function readGateway(
  data: PoolData,
  wanted: string | undefined,
  own: string,
): Pick<WantedPool, 'gateway' | 'gatewayOrigin' | 'isGatewayUnleased'> {
  const asked = data.Gateway === '' ? own : bareAddress(data.Gateway);
  if (wanted === undefined) {
    const gatewayOrigin = `--gateway ${asked}${asked === own ? ' of routed-plugin' : ''}`;
    return { gateway: asked, gatewayOrigin, isGatewayUnleased: false };
  }
  if (asked !== own && asked !== wanted) {
    throw invalidOption('routed.gateway', wanted, `the network has --gateway ${asked}: give one of them`);
  }
  return { gateway: wanted, gatewayOrigin: `driver option routed.gateway=${wanted}`, isGatewayUnleased: true };
}

/** A gateway or an additional prefix of a family that the network does not have is a mistake. */
function checkFamilies({ gateways, prefixes }: NetworkOptions, pools: readonly WantedPool[]): void {
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
