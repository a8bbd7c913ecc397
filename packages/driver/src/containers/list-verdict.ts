import { formatIp, parseIp } from '@routed/addresses';
import {
  type AllowList,
  type Attempt,
  type Direction,
  entryThatAllows,
  formatEntry,
  formatName,
  isNetfilterError,
  parseAllowList,
  PROTOCOLS,
} from '@routed/netfilter';
import type { OpenedByName } from '@routed/datapath';
import { DriverError } from '../ground/errors.ts';
import type { FilterVerdict } from './filter-status.ts';

/** Numbers of protocols that have no ports: ping is of one of them. Source: IANA protocol numbers. */
const ICMP = { 4: 1, 6: 58 } as const;
const DNS_PORT = 53;

/**
 * The connection that `10.1.2.3:443/tcp` names: with whom, and to which port of the one who is connected to. Without a port, a ping.
 *
 * @throws DriverError INVALID_OPTION
 */
export function readAttempt(text: string, direction: Direction): Attempt {
  const [entry, ...more] = entriesOf(text, direction);
  const isOne = entry !== undefined && more.length === 0 && entry.first === entry.last;
  const { service } = entry ?? {};
  if (!isOne || service?.firstPort !== service?.lastPort) {
    throw new DriverError(
      'INVALID_OPTION',
      `"${text}": expected one address, such as 10.1.2.3:443/tcp or [fd00::7]:53/udp`,
    );
  }
  const peer = parseIp(formatEntry({ family: entry.family, first: entry.first, last: entry.last }));
  if (peer === undefined)
    throw new DriverError('INVALID_OPTION', `"${text}" is not an address such as 10.1.2.3:443/tcp`);
  if (service === undefined) return { peer, protocol: ICMP[peer.family], port: 0 };
  return { peer, protocol: PROTOCOLS[service.protocol], port: service.firstPort };
}

function entriesOf(text: string, direction: Direction): AllowList['entries'] {
  try {
    return parseAllowList(text, direction).entries;
  } catch (error) {
    if (isNetfilterError(error)) throw new DriverError('INVALID_OPTION', error.message, { cause: error });
    throw error;
  }
}

/** What decides about connections of a container on one network. */
export interface ListInForce {
  readonly direction: Direction;
  /** As `routed.ingress` and `routed.egress` have it; absent: every peer is allowed. */
  readonly list: string | undefined;
  readonly mode: 'enforce' | 'observe';
  /** Whether the container is closed because Docker has not said yet which it is. */
  readonly isPending: boolean;
  /** The name servers that it may ask, and its next hops, whatever the list says. */
  readonly resolvers: readonly string[];
  readonly gateways: readonly string[];
  /** What is open by name at the moment; absent: nothing. */
  readonly opened?: readonly OpenedByName[];
  /** The name that led the container to an address; absent: none is known. */
  readonly nameOf?: (address: string) => string | undefined;
}

/** What would become of an attempt, and which entry decides. Pure; decides as the rules in the kernel do. */
export function verdictOn(attempt: Attempt, inForce: ListInForce): Pick<FilterVerdict, 'verdict' | 'because'> {
  const { direction, list, mode, isPending } = inForce;
  if (isPending) return { verdict: 'refused', because: 'Docker has not said yet which container this is' };
  if (list === undefined) return { verdict: 'passes', because: 'there is no list' };
  const entry = entryThatAllows(parseAllowList(list, direction), attempt);
  if (entry !== undefined) return { verdict: 'passes', because: `entry ${formatEntry(entry)}` };
  const byName = inForce.opened?.find((each) => entryThatAllows({ entries: [each.entry] }, attempt) !== undefined);
  if (byName !== undefined)
    return { verdict: 'passes', because: `${byName.name}, by entry ${formatName(byName.named)}` };
  const exception = direction === 'egress' ? exceptionFor(attempt, inForce) : undefined;
  if (exception !== undefined) return { verdict: 'passes', because: exception };
  const name = inForce.nameOf?.(formatIp(attempt.peer.bytes));
  const because = name === undefined ? 'no entry allows it' : `no entry allows it, which is ${name} to the container`;
  return { verdict: mode === 'observe' ? 'counted' : 'refused', because };
}

function exceptionFor({ peer, protocol, port }: Attempt, { resolvers, gateways }: ListInForce): string | undefined {
  const address = formatIp(peer.bytes);
  const isDns = port === DNS_PORT && (protocol === PROTOCOLS.tcp || protocol === PROTOCOLS.udp);
  if (isDns && resolvers.includes(address)) return 'it is a name server of the container';
  return protocol === ICMP[peer.family] && gateways.includes(address)
    ? 'it is the gateway of the container'
    : undefined;
}
