import { isIP } from 'node:net';
import { z } from 'zod';

// The `error` texts below complete the sentence `field "X" must be …` (see issue-text.ts).

/**
 * An object that keeps fields it does not know, so that a newer Docker's additions reach the caller untouched.
 *
 * The type lists the known fields only: with zod's own loose type every misspelt field would type-check as `unknown`.
 */
export function wireObject<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape> {
  return z.looseObject(shape, 'an object');
}

/** A non-empty string: an id that Docker always sends. */
export const identifier = z.string('a string').min(1, 'a non-empty string');

/** A string; absent or null reads as `''`, as in Go. */
export const text = z
  .string('a string')
  .nullish()
  .transform((value) => value ?? '');

/** A boolean; absent or null reads as `false`, as in Go. */
export const flag = z
  .boolean('a boolean')
  .nullish()
  .transform((value) => value ?? false);

/** An object with any values, such as network `Options`; absent or null reads as `{}`. */
export const anyMap = z
  .record(z.string(), z.unknown(), 'an object')
  .nullish()
  .transform((value) => value ?? {});

/** An object whose values are strings; absent or null reads as `{}`. */
export const stringMap = z
  .record(z.string(), z.string('a string'), 'an object of strings')
  .nullish()
  .transform((value) => value ?? {});

const prefixLengthPattern = /^(?:0|[1-9]\d{0,2})$/;

/** True for an IPv4 or IPv6 address without zone: what Go's `net.ParseIP` takes. */
export function isAddress(value: string): boolean {
  return isIP(value) !== 0 && !value.includes('%');
}

/** True for an address with a prefix length; host bits may be set. What Go's `net.ParseCIDR` takes. */
export function isCidr(value: string): boolean {
  const slash = value.lastIndexOf('/');
  const address = value.slice(0, Math.max(slash, 0));
  const bits = value.slice(slash + 1);
  return isAddress(address) && prefixLengthPattern.test(bits) && Number(bits) <= (isIP(address) === 4 ? 32 : 128);
}

const cidrText = 'an IP address with prefix length (such as 10.1.0.5/32)';
const addressText = 'an IP address without prefix length (such as 10.1.0.5)';

/** An address with prefix length. */
export const cidr = z.string(cidrText).refine(isCidr, cidrText);

/** An address with prefix length, or empty; absent or null reads as `''`. */
export const optionalCidr = z
  .string(`${cidrText} or empty`)
  .refine((value) => value === '' || isCidr(value), `${cidrText} or empty`)
  .nullish()
  .transform((value) => value ?? '');

/** An address without prefix length, or empty; absent or null reads as `''`. */
export const optionalAddress = z
  .string(`${addressText} or empty`)
  .refine((value) => value === '' || isAddress(value), `${addressText} or empty`)
  .nullish()
  .transform((value) => value ?? '');
