import { createPrivateKey, createPublicKey, randomBytes } from 'node:crypto';

import type { Format } from '../attributes/format.ts';
import { checkArgument } from '../check/argument.ts';
import { type Check, object } from '../check/check.ts';

const KEY_BYTES = 32;
const TEXT = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;
const NONE = Buffer.alloc(KEY_BYTES);
/** What stands before the key in the DER forms that node:crypto takes and gives. Source: RFC 8410 section 7. */
const PKCS8_START = Buffer.from('302e020100300506032b656e04220420', 'hex');

const key: Check<string> = (value, field) =>
  typeof value === 'string' && TEXT.test(value)
    ? undefined
    : { field, reason: 'a key is 32 bytes in base64: 43 characters and "="' };

const PRIVATE_KEY = object<{ readonly privateKey: string }>({ privateKey: key });

/** A key, as text; all zero is none. What is refused is not shown, as it may be a secret. */
export const asKey: Format<string> = {
  check: key,
  encode: (value) => new Uint8Array(Buffer.from(value, 'base64')),
  decode: (bytes) => (bytes.length === KEY_BYTES ? Buffer.from(bytes).toString('base64') : undefined),
};

/** Whether a key is all zero, which the kernel says for none. */
export function isNoKey(text: string): boolean {
  return Buffer.from(text, 'base64').equals(NONE);
}

/** A new private key, and a new preshared key just as well, in base64. Source: wg(8) `genkey`, RFC 7748 section 5. */
export function generatePrivateKey(): string {
  const bytes = randomBytes(KEY_BYTES);
  bytes[0] = (bytes[0] ?? 0) & 0xf8;
  bytes[31] = ((bytes[31] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('base64');
}

/**
 * The public key of a private one, both in base64.
 *
 * @throws {@link NetlinkError} `EINVAL` for what is no key
 */
export function publicKeyOf(privateKey: string): string {
  checkArgument(PRIVATE_KEY, { privateKey }, 'wireguard.publicKeyOf');
  const der = Buffer.concat([PKCS8_START, Buffer.from(privateKey, 'base64')]);
  const secret = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return createPublicKey(secret).export({ format: 'der', type: 'spki' }).subarray(-KEY_BYTES).toString('base64');
}
