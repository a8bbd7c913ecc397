import type { CommandResult, Host } from '@routed/lab';
import { eventually } from './eventually.ts';

/** A container which does nothing until it is told. It ends at SIGTERM, unlike a bare `sleep`. */
export const idle = ['alpine', 'sh', '-c', 'trap "exit 0" TERM; while :; do sleep 1000 & wait; done'];

/** A container which answers HTTP on port 80 with the address of whoever asks. It ends at SIGTERM, unlike a bare `httpd`. */
export const webServer = [
  'alpine',
  'sh',
  '-c',
  'mkdir -p /www/cgi-bin; printf "#!/bin/sh\\necho; echo \\$REMOTE_ADDR\\n" > /www/cgi-bin/who;' +
    'chmod +x /www/cgi-bin/who; trap "exit 0" TERM; httpd -f -p 80 -h /www & wait',
];

/** The recommended way to make a network. */
export async function createNetwork(host: Host, name: string, subnet: string, ...more: string[]): Promise<void> {
  await host.docker('network', 'create', '-d', 'routed', '--ipam-driver', 'routed', '--subnet', subnet, ...more, name);
}

/** Starts a container in the background; `args` go between `run -d` and the image. */
export async function runIdle(host: Host, name: string, ...args: readonly string[]): Promise<void> {
  await host.docker('run', '--detach', '--name', name, ...args, ...idle);
}

/** Runs a command in a container and returns what it wrote. */
export async function inside(host: Host, container: string, ...argv: readonly string[]): Promise<string> {
  return host.docker('exec', container, ...argv);
}

/** One field of `docker inspect`, as a Go template. */
export async function inspect(host: Host, container: string, template: string): Promise<string> {
  return host.docker('inspect', '--format', template, container);
}

/** The address that Docker shows for a container on a network. */
export async function addressOf(host: Host, container: string, network: string): Promise<string> {
  return inspect(host, container, `{{(index .NetworkSettings.Networks "${network}").IPAddress}}`);
}

/** The id of a container's endpoint on a network, from which its link has the name. */
export async function endpointIdOf(host: Host, container: string, network: string): Promise<string> {
  return inspect(host, container, `{{(index .NetworkSettings.Networks "${network}").EndpointID}}`);
}

/** One ping, from the host or from inside a container. */
export async function ping(host: Host, to: string, from?: string): Promise<CommandResult> {
  const argv = ['ping', '-c', '1', '-W', '2', to];
  return from === undefined ? host.exec(argv, { check: false }) : host.tryDocker('exec', from, ...argv);
}

/** Waits until HTTP is answered: a server listens a moment after its container has started. */
export async function untilServed(host: Host, address: string): Promise<void> {
  await eventually(() => host.exec(fetchArgv(address)));
}

/** Asks a {@link webServer}, from the host or from inside a container, and returns the address that it saw. */
export async function addressSeenBy(host: Host, address: string, from?: string): Promise<string> {
  const argv = fetchArgv(address);
  const reply = from === undefined ? (await host.exec(argv)).stdout : await inside(host, from, ...argv);
  // busybox listens with an IPv6 socket: an IPv4 peer is [::ffff:10.1.0.2] there.
  return reply.trim().replace(/^\[(?:::ffff:)?(.*)\]$/, '$1');
}

export function fetchArgv(address: string): string[] {
  const host = address.includes(':') ? `[${address}]` : address;
  // Debian's busybox 1.35 crashes at `wget -T`.
  return ['busybox', 'timeout', '3', 'busybox', 'wget', '-q', '-O', '-', `http://${host}/cgi-bin/who`];
}
