import { expect } from 'chai';
import type { ClusterHost, LabProcess } from '@routed/lab';
import { addressSeenBy, idle, inspect, ping, webServer } from '../../support/containers.ts';
import { eventually } from '../../support/eventually.ts';

/** The network of the same name on every host, and where its containers have their addresses from. */
export interface ClusterNetwork {
  readonly family: 4 | 6;
  readonly subnets: readonly string[];
  /** The address of a number, such as 10.1.0.11. */
  readonly address: (number: number) => string;
}

export const network4: ClusterNetwork = {
  family: 4,
  subnets: ['--subnet', '10.1.0.0/17'],
  address: (number) => `10.1.0.${number}`,
};

/** Docker 20.10 makes no network without IPv4; nobody announces that part. */
export const network6: ClusterNetwork = {
  family: 6,
  subnets: ['--subnet', '10.9.0.0/24', '--ipv6', '--subnet', 'fd00:1::/64'],
  address: (number) => `fd00:1::${number}`,
};

/** Makes the network, named "n", on these hosts. */
export async function createNetworks(network: ClusterNetwork, ...hosts: readonly ClusterHost[]): Promise<void> {
  const argv = ['network', 'create', '-d', 'routed', '--ipam-driver', 'routed', ...network.subnets, 'n'];
  await Promise.all(hosts.map(({ host }) => host.docker(...argv)));
}

/** Starts a container on the network with the address of that number; it serves {@link webServer}, or nothing. */
export async function runContainer(
  { host }: ClusterHost,
  name: string,
  network: ClusterNetwork,
  number: number,
  program: 'web' | 'idle' = 'idle',
): Promise<void> {
  const ip = network.family === 4 ? '--ip' : '--ip6';
  const image = program === 'web' ? webServer : idle;
  await host.docker('run', '-d', '--name', name, '--network', 'n', ip, network.address(number), ...image);
}

/** Waits until a container reaches an address. */
export async function untilReached(
  from: ClusterHost,
  container: string,
  to: string,
  deadlineMs = 10_000,
): Promise<void> {
  await eventually(async () => {
    const { exitCode, stdout } = await ping(from.host, to, container);
    expect(exitCode, stdout).to.equal(0);
  }, deadlineMs);
}

/** Waits until a container's page is served to another, and returns the address that the server saw. */
export async function sourceSeenBy(from: ClusterHost, container: string, server: string): Promise<string> {
  return eventually(() => addressSeenBy(from.host, server, container), 10_000);
}

/** A ping, again and again, from inside a container until it is stopped. */
export interface Conversation {
  /** How many of the packets got no answer. */
  stop(): Promise<number>;
}

/** @param intervalSec between two packets */
export async function converse(
  from: ClusterHost,
  container: string,
  to: string,
  intervalSec = 0.2,
): Promise<Conversation> {
  const pid = await inspect(from.host, container, '{{.State.Pid}}');
  const argv = ['nsenter', '--target', pid, '--net', '--', 'ping', '-i', String(intervalSec), '-W', '1', to];
  const program = await from.host.spawn(argv, { name: `ping-${container}-${Date.now()}` });
  await eventually(async () => expect(await program.log()).to.contain('bytes from'));
  return { stop: () => lostPackets(program) };
}

async function lostPackets(program: LabProcess): Promise<number> {
  // ping tells its counts when it is interrupted.
  await program.stop('SIGINT');
  const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec(await program.log()) ?? [];
  // The last one may still have been on its way.
  return Math.max(0, Number(sent) - Number(received) - 1);
}
