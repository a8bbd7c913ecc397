import { canonicalAddress, formatPrefix, parsePrefix } from '@routed/ipam';
import type { Spoofing } from '@routed/datapath';
import { isIPv4, isIPv6 } from 'node:net';
import { z } from 'zod';
import { parseOptions, switchText } from './driver-options.ts';
import { FILTER_OPTIONS, filterOptions } from './filter-options.ts';
import type { ConflictPolicy } from './network.ts';
import { listOf } from './text-list.ts';

/** Smallest and largest link MTU, in bytes. Source: linux uapi if_ether.h ETH_MIN_MTU, ETH_MAX_MTU. */
export const MTU_RANGE = { min: 68, max: 65_535 } as const;

/** An MTU in bytes, written in decimal. */
export const mtuText = z
  .string()
  .regex(/^\d+$/, { error: `expected a number from ${MTU_RANGE.min} to ${MTU_RANGE.max}`, abort: true })
  .transform(Number)
  .refine((mtu) => mtu >= MTU_RANGE.min && mtu <= MTU_RANGE.max, {
    error: `expected a number from ${MTU_RANGE.min} to ${MTU_RANGE.max}`,
    abort: true,
  });

/** How many prefixes one network may have beside its subnets. Each is compared with every other one of the host's. */
const MAX_PREFIXES = 256;

const NETWORK_OPTIONS = {
  'routed.mtu': mtuText,
  'routed.gateway': listOf('a unicast gateway address such as 10.1.0.1 or fd00:1::1', canonicalGateway, {
    maxItems: MAX_PREFIXES,
    name: 'gateways',
  }).refine(
    (gateways) => gateways.filter(isIPv4).length <= 1 && gateways.filter(isIPv6).length <= 1,
    'expected at most one IPv4 and one IPv6 gateway',
  ),
  'routed.prefixes': listOf(
    'a prefix such as 192.168.7.0/24 or fd00:7::/64',
    (item) => formatPrefix(parsePrefix(item)),
    { maxItems: MAX_PREFIXES, name: 'prefixes' },
  ),
  'routed.anycast': switchText,
  'routed.on-conflict': z
    .string()
    .toLowerCase()
    .pipe(z.enum(['keep', 'yield'], { error: 'expected keep or yield' })),
  ...FILTER_OPTIONS,
} as const;

/** What `docker network create -o` may set. */
export interface NetworkOptions {
  readonly mtuBytes?: number;
  /** The containers' next hop, by family. */
  readonly gateways: { readonly 4?: string; readonly 6?: string };
  readonly ingress?: string;
  readonly spoof?: Spoofing;
  /** Where additional addresses may come from beside the network's subnets. */
  readonly prefixes: readonly string[];
  /** Whether other hosts may have the addresses of its containers, too. */
  readonly isAnycast: boolean;
  readonly onConflict: ConflictPolicy;
}

/**
 * Reads the driver options of a network.
 *
 * @throws DriverError INVALID_OPTION for an unknown key, with the known ones, or a value of the wrong form
 */
export function parseNetworkOptions(options: Readonly<Record<string, unknown>>): NetworkOptions {
  const values = parseOptions(options, NETWORK_OPTIONS);
  const mtuBytes = values['routed.mtu'];
  const gateways = values['routed.gateway'] ?? [];
  const [ipv4, ipv6] = [gateways.find(isIPv4), gateways.find(isIPv6)];
  return {
    ...(mtuBytes === undefined ? {} : { mtuBytes }),
    gateways: { ...(ipv4 === undefined ? {} : { 4: ipv4 }), ...(ipv6 === undefined ? {} : { 6: ipv6 }) },
    ...filterOptions(values),
    prefixes: values['routed.prefixes'] ?? [],
    isAnycast: values['routed.anycast'] ?? false,
    onConflict: values['routed.on-conflict'] ?? 'keep',
  };
}

/** Whether a text is an IPv4 address that hosts may have. Source: IANA IPv4 special-purpose address registry. */
export function isUnicastIpv4(text: string): boolean {
  if (!isIPv4(text)) return false;
  const firstByte = Number(text.split('.')[0]);
  return firstByte > 0 && firstByte !== 127 && firstByte < 224;
}

function canonicalGateway(text: string): string {
  const address = canonicalAddress(text);
  // Neither unspecified, nor loopback, nor multicast.
  const isUnicast = isIPv4(address) ? isUnicastIpv4(address) : !/^(?:::1?$|ff)/.test(address);
  if (!isUnicast) throw new RangeError(`${text} is not a unicast address`);
  return address;
}
