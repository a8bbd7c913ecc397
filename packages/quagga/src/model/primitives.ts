import { formatAddress, formatPrefix, parseAddress, parsePrefix } from '@routed/addresses';
import { z } from 'zod';

/** Control characters and everything that some reader takes for the end of a line. */
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/u;

function ranged(min: number, max: number, what: string): z.ZodInt {
  const message = `${what} is a whole number from ${min} to ${max}`;
  const error = ({ input }: { input?: unknown }): string => (input === undefined ? 'is missing' : message);
  return z.int({ error }).min(min, message).max(max, message);
}

/** A whole number within the range that both daemons accept. */
export const integer = ranged;

/**
 * Free text that becomes the rest of a configuration line.
 * A line break in it would be a line of its own: configuration injection.
 */
export function text(maximumLength: number): z.ZodType<string, string> {
  return z
    .string()
    .min(1, 'is empty; leave the field out instead')
    .max(maximumLength, `is longer than ${maximumLength} characters`)
    .refine((value) => !CONTROL.test(value), 'contains a line break or control character; remove it')
    .refine((value) => value.trim() === value, 'starts or ends with a space; remove it')
    .refine(
      (value) => !value.includes('|'),
      'contains "|", after which the daemons read a filter for their output; remove it',
    )
    .refine((value) => !/ {2}/.test(value), 'contains two spaces in a row, which the daemons fold into one');
}

/** One word: no space, no control character, and nothing that reads as a comment or a help request. */
function word(maximumLength: number, what: string): z.ZodType<string, string> {
  return z
    .string()
    .regex(/^[\u0021-\u007e]+$/, `${what} is one word of printable ASCII characters, without spaces`)
    .max(maximumLength, `${what} has at most ${maximumLength} characters; the daemons cut longer ones silently`)
    .refine((value) => !value.includes('?'), `${what} contains "?", which the daemons take for a request for help`)
    .refine((value) => !/^[!#|]/.test(value), `${what} starts with a character that the daemons treat as a comment`);
}

/** A key or password of at most `maximumLength` characters. It never appears in a message. */
export function secret(maximumLength: number): z.ZodType<string, string> {
  return word(maximumLength, 'the secret').meta({
    description: 'Secret: never shown in messages, diffs or plans.',
    format: 'password',
  });
}

/** Who logs in to a daemon types this; the daemons take none that begins with a sign. */
export const loginPassword = secret(80).refine(
  (value) => /^[A-Za-z0-9]/.test(value),
  'the secret starts with a letter or a digit; the daemons refuse others',
);

export const name = z
  .string()
  .regex(/^[A-Za-z][\w.-]{0,62}$/, 'a name starts with a letter, then letters, digits, ".", "_" or "-", 63 at most');

export const interfaceName = z
  .string()
  .regex(/^[!-~]{1,15}$/, 'an interface name has 1 to 15 characters, without spaces, "/" or "?"')
  .refine(
    (value) => !/^[!#|]|[/?]/.test(value) && value !== '.' && value !== '..',
    'is not an interface name that both the kernel and the daemons accept',
  );

export const hostname = z
  .string()
  .regex(/^[A-Za-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?$/, 'a host name has letters, digits, "-" and ".", 63 at most');

export const ipv4Address = z
  .string()
  .refine((value) => !value.includes(':') && parseAddress(value) !== undefined, 'is not an IPv4 address');

export const ipAddress = z
  .string()
  .refine((value) => parseAddress(value) !== undefined, 'is not an IP address')
  .transform((value) => {
    const parsed = parseAddress(value);
    return parsed === undefined ? value : formatAddress(parsed);
  });

export const routerId = ipv4Address.refine(
  (value) => value !== '0.0.0.0',
  'must not be 0.0.0.0; take an address of this host',
);

/** `10.112.0.0/12` or `fd00::/64`; host bits are cleared, as the daemons do. */
export const prefix = z
  .string()
  .refine((value) => parsePrefix(value) !== undefined, 'is not a prefix; write it as 10.112.0.0/12 or fd00::/64')
  .transform((value) => {
    const parsed = parsePrefix(value);
    return parsed === undefined ? value : formatPrefix(parsed);
  });

const AREA = 'an area is a dotted quad such as 0.0.0.0, or a number from 0 to 4294967295';

function isArea(value: string): boolean {
  if (/^\d{1,10}$/.test(value)) return Number(value) <= 0xffffffff;
  return !value.includes(':') && parseAddress(value) !== undefined;
}

/** An OSPF area as a number or dotted quad; always rendered dotted. */
export const area = z
  .union([z.int(AREA).min(0, AREA).max(0xffffffff, AREA), z.string().refine(isArea, AREA)], { error: AREA })
  .transform((value) =>
    typeof value === 'string' && value.includes('.') ? value : formatAddress({ family: 4, value: BigInt(value) }),
  );

export const asn = integer(1, 4294967295, 'an AS number');
/** RFC 7300 reserves two numbers; the daemons start no router under them. */
export const ownAsn = asn.refine(
  (value) => value !== 65535 && value !== 4294967295,
  'the AS numbers 65535 and 4294967295 are reserved; private ones are 64512 to 65534 and 4200000000 to 4294967294',
);
export const metric = integer(0, 16777214, 'a metric');
export const tag = integer(1, 4294967295, 'a tag');
export const metricType = z.union([z.literal(1), z.literal(2)], { error: 'a metric type is 1 or 2' });
/** `true` for the default session, or the name of a profile in `bfd.profiles`. */
export const bfdUse = z.union([z.boolean(), name], { error: 'is true, false or the name of a BFD profile' });
