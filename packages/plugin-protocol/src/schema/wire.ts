import { isIP } from 'node:net';
import { z } from 'zod';

// Each error text completes the sentence `field "X" must be …` (see issue-text.ts).
const cidrText = 'an IP address with prefix length (such as 10.1.0.5/32)';
const addressText = 'an IP address without prefix length (such as 10.1.0.5)';
const macText = 'a MAC address (such as 02:42:0a:01:00:05)';

/**
 * An object that keeps fields it does not know, so that a newer Docker's additions reach the caller untouched.
 *
 * The type lists the known fields only: with zod's own loose type every misspelt field would type-check as `unknown`.
 */
export function wireObject<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape> {
  return z.looseObject(shape, 'an object');
}

const prefixLengthPattern = /^(?:0|[1-9]\d{0,2})$/;
const macPattern = /^[\da-f]{2}(?:[:-][\da-f]{2}){5}$/i;

/** True for an IPv4 or IPv6 address without zone: what Go's `net.ParseIP` takes. */
export function isAddress(value: string): boolean {
  return isIP(value) !== 0 && !value.includes('%');
}

/** True for an address with a prefix length, host bits set or not: what Go's `net.ParseCIDR` takes. */
export function isCidr(value: string): boolean {
  const slash = value.indexOf('/');
  if (slash < 0) return false;
  const address = value.slice(0, slash);
  const bits = value.slice(slash + 1);
  return isAddress(address) && prefixLengthPattern.test(bits) && Number(bits) <= (isIP(address) === 4 ? 32 : 128);
}

function textOrEmpty(isValid: (value: string) => boolean, expected: string): z.ZodOptional<z.ZodNullable<z.ZodString>> {
  const error = `${expected} or empty`;
  return z
    .string(error)
    .refine((value) => value === '' || isValid(value), error)
    .nullish();
}

// What must be there.

/** A non-empty string: an id that is always sent. */
export const identifier = z.string('a string').min(1, 'a non-empty string');

/** An address with prefix length. */
export const cidr = z.string(cidrText).refine(isCidr, cidrText);

// What may be absent or null, and stays so: replies, for which Docker has its own defaults.

export const maybeText = z.string('a string').nullish();
export const maybeFlag = z.boolean('a boolean').nullish();
export const maybeMap = z.record(z.string(), z.unknown(), 'an object').nullish();
export const maybeStringMap = z.record(z.string(), z.string('a string'), 'an object of strings').nullish();
export const maybeCidr = textOrEmpty(isCidr, cidrText);
export const maybeAddress = textOrEmpty(isAddress, addressText);
export const maybeMac = textOrEmpty((value) => macPattern.test(value), macText);

// The same for requests: absent or null reads as the empty value, as in Go.

export const text = maybeText.transform((value) => value ?? '');
export const flag = maybeFlag.transform((value) => value ?? false);
export const anyMap = maybeMap.transform((value) => value ?? {});
export const stringMap = maybeStringMap.transform((value) => value ?? {});
export const optionalCidr = maybeCidr.transform((value) => value ?? '');
export const optionalAddress = maybeAddress.transform((value) => value ?? '');
