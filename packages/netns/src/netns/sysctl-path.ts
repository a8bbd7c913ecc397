import { text } from '../check/check.ts';
import { requireOptions } from '../check/options.ts';
import { NetnsError } from '../errors.ts';

/**
 * Path below /proc/sys of a sysctl key in either notation.
 *
 * The first separator decides: after a dot, slashes stand for dots within a name, and the reverse (sysctl(8)).
 * @throws {@link NetnsError} `INVALID_ARGUMENT` for a key that is not below `net`: no other differs between network namespaces.
 */
export function sysctlPath(key: string): string {
  requireOptions(text, key, 'sysctl');
  const separator = /[./]/.exec(key)?.[0] ?? '/';
  const parts = key.split(separator).map((part) => (separator === '.' ? part.replaceAll('/', '.') : part));
  const isPlain = parts.every((part) => part !== '' && part !== '.' && part !== '..' && !part.includes('\0'));
  if (parts[0] !== 'net' || parts.length < 2 || !isPlain) {
    throw new NetnsError('INVALID_ARGUMENT', `sysctl ${key}`, 'not a key below net, such as net.ipv4.ip_forward');
  }
  return parts.join('/');
}
