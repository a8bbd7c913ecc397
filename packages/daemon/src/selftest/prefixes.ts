import type { EndAddresses } from './docker-stand-in.ts';

/** Ranges for documentation, which nobody has. Source: RFC 5737. */
const RANGES = ['192.0.2', '198.51.100', '203.0.113'] as const;
const LENGTH = 28;
const SIZE = 2 ** (32 - LENGTH);
const PARTS = 256 / SIZE;

/** Prefixes that a selftest may take addresses from. */
export interface ThrowAwayPrefixes {
  readonly prefixes: EndAddresses;
  /** An IPv4 address of them that the plugin does not choose by itself first. */
  readonly spare: string;
}

/**
 * The prefixes that a selftest tries, one after another: two that run at once begin at different ones. Pure.
 *
 * @param hasIpv6 whether the host has IPv6. Source of the prefix: RFC 3849.
 */
export function prefixesOf(pid: number, hasIpv6: boolean): readonly ThrowAwayPrefixes[] {
  const part = pid % PARTS;
  return RANGES.map((range) => {
    const group = (pid % 0x1_00_00).toString(16);
    return {
      prefixes: { 4: `${range}.${part * SIZE}/${LENGTH}`, ...(hasIpv6 && { 6: `2001:db8:5e1f:${group}::/64` }) },
      spare: `${range}.${part * SIZE + SIZE - 2}`,
    };
  });
}
