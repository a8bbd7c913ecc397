import type { Host } from '@routed/lab';
import { inside, inspect } from './containers.ts';

/** What `ip address` says of one address of a container. */
export interface HeldAddress {
  readonly link: string;
  /** With prefix length. */
  readonly address: string;
  readonly isTentative: boolean;
}

/** The addresses in what `ip -o address` writes, in its order; without loopback and the link's own `fe80::` ones. */
export function addressesIn(output: string): HeldAddress[] {
  return output
    .split('\n')
    .map((line) => /^\d+: (\S+?)(?:@\S+)?\s+inet6? (\S+) (.*)/.exec(line))
    .filter((match) => match !== null)
    .map(([, link = '', address = '', rest = '']) => ({ link, address, isTentative: rest.includes('tentative') }))
    .filter(({ link, address }) => link !== 'lo' && !address.startsWith('fe80:'));
}

/** All addresses of a running container, of both families. */
export async function addressesOf(host: Host, container: string): Promise<string[]> {
  return addressesIn(await inside(host, container, 'ip', '-o', 'address')).map(({ address }) => address);
}

/** Runs a program of the host in a container's network namespace, with the host's privileges. */
export async function enter(host: Host, container: string, ...argv: readonly string[]): Promise<string> {
  const pid = await inspect(host, container, '{{.State.Pid}}');
  return (await host.exec(['nsenter', '--target', pid, '--net', ...argv])).stdout;
}

/** Asks a web server from a container, by one of the container's addresses, and returns the address that it saw. */
export async function addressSeenFrom(host: Host, container: string, source: string, server: string): Promise<string> {
  const url = `http://${server.includes(':') ? `[${server}]` : server}/cgi-bin/who`;
  const seen = await enter(host, container, 'curl', '--silent', '--max-time', '5', '--interface', source, url);
  // busybox listens with an IPv6 socket: an IPv4 peer is [::ffff:10.1.0.2] there.
  return seen.trim().replace(/^\[(?:::ffff:)?(.*)\]$/, '$1');
}
