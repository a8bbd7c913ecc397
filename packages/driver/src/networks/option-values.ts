import { isIPv4 } from 'node:net';
import { z } from 'zod';

// Light: the daemon reads its command line with these before anything else is loaded.

/** A whole number in decimal, from `min` to `max`. */
export function numberText(min: number, max: number): z.ZodType<number> {
  const error = `expected a number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d+$/, { error, abort: true })
    .transform(Number)
    .refine((value) => value >= min && value <= max, { error, abort: true });
}

/** An MTU in bytes. Source: linux uapi if_ether.h ETH_MIN_MTU, ETH_MAX_MTU. */
export const mtuText = numberText(68, 65_535);

/** Whether a text is an IPv4 address that hosts may have. Source: IANA IPv4 special-purpose address registry. */
export function isUnicastIpv4(text: string): boolean {
  if (!isIPv4(text)) return false;
  const firstByte = Number(text.split('.')[0]);
  return firstByte > 0 && firstByte !== 127 && firstByte < 224;
}
