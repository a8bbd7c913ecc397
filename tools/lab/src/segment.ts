import { runCommand } from './command.ts';
import { LabError } from './errors.ts';
import { startKeeper } from './namespace.ts';
import type { ProcessIdentity } from './process-identity.ts';

/** The switches of a lab: one namespace with a bridge for the shared segment and one for each wire. */
export interface Segment {
  readonly keeper: ProcessIdentity;
}

/** The bridge which hosts share unless they are told otherwise. */
export const sharedBridge = 'br0';

/** How a host is connected. */
export interface Attachment {
  readonly bridge: string;
  readonly hostKeeperPid: number;
  /** The link's name in the host. */
  readonly link: string;
  /** Its other end's name on the bridge, for tcpdump. */
  readonly port: string;
  /** With prefix length; null for none but the link-local one. */
  readonly address: string | null;
  readonly mtuBytes: number;
  readonly gateway?: string | undefined;
}

export async function openSegment(isTiedToOwner: boolean): Promise<Segment> {
  return { keeper: await startKeeper({ args: ['segment'], isTiedToOwner }) };
}

/** One more switch, for what is connected to each other alone. */
export async function addBridge(segment: Segment, name: string): Promise<void> {
  await ipBatch(segment.keeper.pid, [
    `link add ${name} type bridge forward_delay 0 mcast_snooping 0`,
    `link set ${name} up`,
  ]);
}

/** The name of a link's port on its bridge: the host's own for the first link. */
export function portName(hostName: string, link: string): string {
  const name = link === 'eth1' ? hostName : `${hostName}-${link}`;
  if (name.length > 15)
    throw new LabError('name-in-use', `the port ${name} would have a name of more than 15 characters`);
  return name;
}

/** Gives a host a link on a bridge. */
export async function attach(segment: Segment, to: Attachment): Promise<void> {
  const { bridge, hostKeeperPid, link, port, address, mtuBytes, gateway } = to;
  await ipBatch(segment.keeper.pid, [
    `link add ${port} mtu ${mtuBytes} type veth peer name ${link} mtu ${mtuBytes} netns ${hostKeeperPid}`,
    `link set ${port} master ${bridge} up`,
  ]);
  await ipBatch(hostKeeperPid, [
    ...(address === null ? [] : [`address add ${address} dev ${link}`]),
    `link set ${link} up`,
    ...(gateway === undefined ? [] : [`route add default via ${gateway} dev ${link}`]),
  ]);
}

async function ipBatch(keeperPid: number, lines: readonly string[]): Promise<void> {
  // Only the network namespace: "netns <pid>" means a pid as this process counts them.
  await runCommand(['nsenter', '--target', String(keeperPid), '--net', '--', 'ip', '-batch', '-'], {
    input: `${lines.join('\n')}\n`,
  });
}
