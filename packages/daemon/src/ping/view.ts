import { isNetlinkError, type Link, type Netns, openNetns, openRtnl, type Rtnl } from '@routed/netns';
import { type EchoOutcome, openEcho } from '@routed/netns/icmp';
import { protocolText } from '../ground/protocol-text.ts';
import { findPathMtu, type PathMtu } from './path-mtu.ts';
import { type Pace, sendAll } from './send-all.ts';
import { type Tally, tallyOf } from './tally.ts';

/** Who asks. */
export interface Place {
  /** The container, by name; absent: this host. */
  readonly container?: string;
  /** Its network namespace, a path; absent: this host's. */
  readonly sandboxKey?: string;
}

/** The way that packets take first. */
export interface Way {
  /** The entry of the routing table that is taken. */
  readonly destination: string;
  readonly protocol: string;
  /** The address that they are sent from; absent: the kernel does not say. */
  readonly source?: string;
  /** One, or several that share the traffic. */
  readonly nextHops: readonly { readonly gateway?: string; readonly link?: string }[];
  /** What the first link allows. */
  readonly mtuBytes: number;
}

/** How an address looks from one place. */
export interface View {
  readonly from: Place;
  readonly to: string;
  /** Absent: there is no route. */
  readonly way?: Way;
  /** Why nothing was sent; absent: something was. */
  readonly unsent?: string;
  readonly outcomes: readonly EchoOutcome[];
  readonly tally: Tally;
  /** Absent: nothing was answered, or it could not be told. */
  readonly pathMtu?: PathMtu;
}

/** Told while a view is taken. */
export interface Watcher {
  readonly onWay: (from: Place, to: string, way: Way | undefined) => void;
  readonly onOutcome: (outcome: EchoOutcome, number: number, way: Way | undefined) => void;
  readonly signal: AbortSignal;
}

/** While sizes are tried, an answer is waited for by this much longer than the longest round trip. */
const PATIENCE = 4;
const LEAST_PATIENCE_MS = 150;

/**
 * Asks an address from one place, as often as `pace` says, and then for the largest packet that gets there.
 *
 * @throws NetlinkError `EPERM` without the right to send echo requests; NetnsError for a namespace that cannot be entered
 */
export async function takeView(from: Place, to: string, pace: Pace, watcher: Watcher): Promise<View> {
  const netns = from.sandboxKey === undefined ? undefined : await openNetns({ path: from.sandboxKey });
  try {
    const way = await readWay(netns, to);
    watcher.onWay(from, to, way);
    return { from, to, ...(way !== undefined && { way }), ...(await ask(netns, to, way, pace, watcher)) };
  } finally {
    await netns?.close();
  }
}

async function ask(
  netns: Netns | undefined,
  to: string,
  way: Way | undefined,
  pace: Pace,
  { onOutcome, signal }: Watcher,
): Promise<Pick<View, 'unsent' | 'outcomes' | 'tally' | 'pathMtu'>> {
  const echo = await openEcho({ address: to, ...(netns !== undefined && { netns }) }).catch((error: unknown) => {
    const words = isNetlinkError(error) ? NO_WAY[error.code] : undefined;
    if (words === undefined) throw error;
    return words;
  });
  if (typeof echo === 'string') return { unsent: echo, outcomes: [], tally: tallyOf([]) };
  await using socket = echo;
  const outcomes = await sendAll(socket, pace, {
    onOutcome: (outcome, number) => onOutcome(outcome, number, way),
    signal,
  });
  const tally = tallyOf(outcomes);
  if (tally.mostMs === undefined || way === undefined || signal.aborted) return { outcomes, tally };
  const timeoutMs = Math.min(pace.timeoutMs, Math.max(LEAST_PATIENCE_MS, tally.mostMs * PATIENCE));
  const probe = async (packetBytes: number): Promise<EchoOutcome> => {
    signal.throwIfAborted();
    return await socket.ask({ packetBytes, timeoutMs });
  };
  const sizes = { smallest: pace.packetBytes, largest: way.mtuBytes };
  const pathMtu = await findPathMtu(probe, sizes).catch((error: unknown) => {
    if (error === signal.reason) return undefined;
    throw error;
  });
  return { outcomes, tally, ...(pathMtu !== undefined && { pathMtu }) };
}

/** Why there is no socket to an address. */
const NO_WAY: Readonly<Record<string, string>> = {
  ENETUNREACH: 'there is no route to it',
  EHOSTUNREACH: 'there is no route to it',
  EACCES: 'its route prohibits it',
  EINVAL: 'its route throws packets away (blackhole)',
};

async function readWay(netns: Netns | undefined, to: string): Promise<Way | undefined> {
  await using rtnl: Rtnl = netns === undefined ? await openRtnl({ lanes: 1 }) : await netns.openRtnl({ lanes: 1 });
  try {
    const [entry, chosen] = [await rtnl.routes.get(to, { exact: true }), await rtnl.routes.get(to)];
    if (entry === undefined || chosen === undefined) return undefined;
    const hops = entry.nextHops.length > 0 ? entry.nextHops : chosen.nextHops;
    const links = await Promise.all(hops.map(({ linkIndex: index }) => linkOf(rtnl, index)));
    const limits = [entry.mtuBytes, ...links.map((link) => link?.mtuBytes)].filter((bytes) => bytes !== undefined);
    return {
      destination: entry.destination,
      protocol: protocolText(entry.protocol),
      ...(chosen.source !== undefined && { source: chosen.source }),
      nextHops: hops.map(({ gateway }, index) => {
        const link = links[index]?.name;
        return { ...(gateway !== undefined && { gateway }), ...(link !== undefined && { link }) };
      }),
      // An IP packet has at most so many, whatever the loopback link says.
      mtuBytes: Math.min(...limits, LARGEST_PACKET_BYTES),
    };
  } catch (error) {
    if (isNetlinkError(error, 'EINVAL', 'EACCES')) return undefined;
    throw error;
  }
}

const LARGEST_PACKET_BYTES = 65_535;

async function linkOf(rtnl: Rtnl, index: number | undefined): Promise<Link | undefined> {
  return index === undefined ? undefined : await rtnl.links.get({ index });
}
