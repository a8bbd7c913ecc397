import { runCommand } from './command.ts';
import { startKeeper } from './namespace.ts';
import type { ProcessIdentity } from './process-identity.ts';

/** The switch of a lab: one namespace with a bridge, and a port of it in every host. */
export interface Segment {
  readonly keeper: ProcessIdentity;
}

/** How a host is connected. */
export interface Attachment {
  readonly hostName: string;
  readonly hostKeeperPid: number;
  readonly address: string;
  readonly mtuBytes: number;
  readonly gateway: string | undefined;
}

export async function openSegment(isTiedToOwner: boolean): Promise<Segment> {
  return { keeper: await startKeeper({ args: ['segment'], isTiedToOwner }) };
}

/** Gives a host an `eth1` on the segment. The other end carries the host's name, for tcpdump. */
export async function attach(segment: Segment, to: Attachment): Promise<void> {
  const { hostName, hostKeeperPid, address, mtuBytes, gateway } = to;
  await ipBatch(segment.keeper.pid, [
    `link add ${hostName} mtu ${mtuBytes} type veth peer name eth1 mtu ${mtuBytes} netns ${hostKeeperPid}`,
    `link set ${hostName} master br0 up`,
  ]);
  await ipBatch(hostKeeperPid, [
    `address add ${address} dev eth1`,
    'link set eth1 up',
    ...(gateway === undefined ? [] : [`route add default via ${gateway} dev eth1`]),
  ]);
}

async function ipBatch(keeperPid: number, lines: readonly string[]): Promise<void> {
  // Only the network namespace: "netns <pid>" means a pid as this process counts them.
  await runCommand(['nsenter', '--target', String(keeperPid), '--net', '--', 'ip', '-batch', '-'], {
    input: `${lines.join('\n')}\n`,
  });
}
