import { includes, type IpBytes, numberOf } from '@routed/addresses';
import { type AllowList, PROTOCOLS, type Service } from './allow-list.ts';

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
  const address = { family: source.family, value: numberOf(source) };
  const serves = (service: Service | undefined): boolean =>
    service === undefined || (PROTOCOLS[service.protocol] === protocol && service.port === port);
  return entries.some((entry) => includes(entry, address) && serves(entry.service));
}
