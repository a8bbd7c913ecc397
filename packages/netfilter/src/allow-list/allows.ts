import { includes, type IpBytes, numberOf } from '@routed/addresses';
import { type AllowEntry, type AllowList, PROTOCOLS, type Service } from './allow-list.ts';

/** A connection that may begin. */
export interface Attempt {
  /** Who begins it, where a list is about ingress; whom the container connects to, where it is about egress. */
  readonly peer: IpBytes;
  /** Number of the protocol above IP. */
  readonly protocol: number;
  /** The port of the one who is connected to; 0 for protocols without ports. */
  readonly port: number;
}

/** The entry that allows an attempt; undefined: the list refuses it. Pure, and decides as the rules in the kernel do. */
export function entryThatAllows({ entries }: AllowList, { peer, protocol, port }: Attempt): AllowEntry | undefined {
  const address = { family: peer.family, value: numberOf(peer) };
  const serves = (service: Service | undefined): boolean =>
    service === undefined ||
    (PROTOCOLS[service.protocol] === protocol && service.firstPort <= port && port <= service.lastPort);
  return entries.find((entry) => includes(entry, address) && serves(entry.service));
}
