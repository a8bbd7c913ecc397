import type { IpBytes } from '@routed/netns/nfnetlink';
import { numberOf } from './addresses.ts';
import { type AllowList, PROTOCOLS } from './allow-list.ts';

/** Who wants to begin a connection, and what for. */
export interface Visitor {
  readonly source: IpBytes;
  /** Number of the protocol above IP. */
  readonly protocol: number;
  /** The container's port; 0 for protocols without ports. */
  readonly port: number;
}

/** Whether a list lets somebody begin a connection, as the rules in the kernel decide it. Pure. */
export function allows({ entries }: AllowList, { source, protocol, port }: Visitor): boolean {
  const address = numberOf(source);
  return entries.some(
    ({ family, first, last, service }) =>
      family === source.family &&
      first <= address &&
      address <= last &&
      (service === undefined || (PROTOCOLS[service.protocol] === protocol && service.port === port)),
  );
}
