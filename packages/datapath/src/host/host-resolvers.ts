import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';

const RESOLV_CONF = '/etc/resolv.conf';
/** What systemd-resolved itself asks, where programs are to ask it at 127.0.0.53. Source: systemd-resolved.service(8). */
const BEHIND_RESOLVED = '/run/systemd/resolve/resolv.conf';

/**
 * The name servers that containers without `--dns` ask through Docker's own: those of the host. Loopback addresses, which a container
 * cannot ask, are left out; where the host has no others, those that systemd-resolved asks count.
 *
 * Source: moby libnetwork/resolvconf `Path`, libnetwork/resolver.go (the container's namespace asks).
 *
 * @param readText answers undefined for a file that cannot be read
 */
export function hostResolvers(readText: (path: string) => string | undefined = readOrNone): readonly string[] {
  const servers = serversOf(readText(RESOLV_CONF));
  const reachable = servers.filter((address) => !isLoopback(address));
  if (reachable.length > 0 || servers.length === 0) return reachable;
  return serversOf(readText(BEHIND_RESOLVED)).filter((address) => !isLoopback(address));
}

/** Source: resolv.conf(5). A scope, as in fe80::1%eth0, is a link of the host's: nothing that a container can ask. */
function serversOf(text = ''): string[] {
  const named = Array.from(text.matchAll(/^\s*nameserver\s+(\S+)/gm), ([, address = '']) => address);
  return [...new Set(named.filter((address) => isIP(address) !== 0 && !address.includes('%')))];
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}

function readOrNone(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
