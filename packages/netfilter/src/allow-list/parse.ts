import { type AddressRange, formatPrefix, hasHostBits, parseAddress, parseCidr, prefixOf } from '@routed/addresses';
import { isDnsGateError, parseNamePattern } from '@routed/dns-gate/names';
import { excerpt } from '@routed/text';
import { NetfilterError } from '../netfilter-error.ts';
import {
  type AllowEntry,
  type AllowList,
  type Direction,
  mergeEntries,
  type NamedEntry,
  PORTS,
  PROTOCOLS,
  type Service,
  sortNames,
} from './allow-list.ts';

/** Why an entry is not one. */
class Complaint extends Error {}

const EXAMPLES = '10.0.0.0/8, 10.1.2.3, 10.1.2.3-10.1.2.9, fd00::/8, 10.0.0.0/8:443/tcp, [fd00::/8]:53/udp';
const LAST_PORT = PORTS - 1;
/** What a list of each direction lists, and what an empty one would mean. */
const WORDS = {
  ingress: { peers: 'sources', nobody: 'write "none" to allow nobody, or omit the option' },
  egress: { peers: 'destinations', nobody: 'write "none" to allow no destination, or omit the option' },
} as const satisfies Record<Direction, object>;
/** What is meant as a name: a letter after the last dot, which no address has, or a wildcard. Source: RFC 1123, section 2.1. */
const NAME = /^[^:/]*\.\p{L}[^.:/]*\.?$|\*/u;
/** As many as are measured, and promised. Reading, encoding and setting them takes the longer the more there are. */
const MAX_ENTRIES = 10_000;

/**
 * Reads a list of allowed sources, or destinations.
 *
 * Entries are separated by commas, spaces, plus signs or semicolons, any number of them. An entry is an address, a prefix
 * or a range `first-last` of either family; `:port`, `:first-last` or the same with `/protocol` after it allows these ports only (tcp
 * unless udp or sctp is said). IPv6 with ports stands in brackets: `[fd00::/8]:443/tcp`. An entry of a list of destinations may also
 * be a host name, or one whose first label is `*`, as in `*.example.com:443`. Instead of a list, `none` allows nobody and
 * `any` everybody. Upper and lower case are the same. Overlapping entries are merged. At most 10,000 entries.
 *
 * @throws NetfilterError ALLOW_LIST_INVALID with the position of the entry at fault; for a list without entries too
 */
export function parseAllowList(text: string, direction: Direction = 'ingress'): AllowList {
  const invalid = (position: number, reason: string): NetfilterError => complaint(direction, position, reason);
  const words = Array.from(text.toLowerCase().matchAll(/[^\s,;+]+/g), ({ 0: word, index }) => ({ word, index }));
  const [first] = words;
  if (first === undefined) throw invalid(1, `it is empty: ${WORDS[direction].nobody}`);
  if (words.length === 1 && first.word === 'none') return { entries: [] };
  if (words.length === 1 && first.word === 'any') return { entries: ['0.0.0.0/0', '::/0'].map(parseBlock) };
  const surplus = words[MAX_ENTRIES];
  if (surplus !== undefined) throw invalid(surplus.index + 1, `it has ${words.length} entries: at most ${MAX_ENTRIES}`);
  const entries = words.map(({ word, index }) => {
    try {
      return parseEntry(word, direction);
    } catch (error) {
      if (error instanceof Complaint) throw invalid(index + 1, `"${excerpt(word)}" ${error.message}`);
      throw error;
    }
  });
  const names = entries.filter((entry) => 'name' in entry);
  const merged = mergeEntries(entries.filter((entry) => 'first' in entry));
  return { entries: merged, ...(names.length > 0 && { names: sortNames(names) }) };
}

function parseEntry(word: string, direction: Direction): AllowEntry | NamedEntry {
  const { peers, ports } = splitEntry(word);
  const whom = NAME.test(peers) ? { name: parseName(peers, direction) } : parsePeers(peers);
  return { ...whom, ...(ports !== undefined && { service: parseService(ports) }) };
}

function parseName(text: string, direction: Direction): string {
  if (direction === 'ingress') {
    throw new Complaint(
      `is not an address, a prefix or a range, but a name: lists of sources name nobody, expected such as ${EXAMPLES}`,
    );
  }
  try {
    return parseNamePattern(text);
  } catch (error) {
    throw isDnsGateError(error) ? new Complaint(error.complaint) : error;
  }
}

/** Takes the port off: behind brackets, or behind the only colon, which no IPv6 address has. */
function splitEntry(word: string): { readonly peers: string; readonly ports?: string | undefined } {
  if (word === 'none' || word === 'any') throw new Complaint('must be the only entry');
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(word);
  if (bracketed !== null) return { peers: bracketed[1] ?? '', ports: bracketed[2] };
  if (/[[\]]/.test(word)) throw new Complaint('has brackets that are not around the address: write [fd00::/8]:443/tcp');
  const [peers = '', ports, ...more] = word.split(':');
  return more.length > 0 ? { peers: word } : { peers, ports };
}

function parsePeers(text: string): AddressRange {
  const [from = '', to, ...more] = text.split('-');
  if (more.length > 0) throw new Complaint('has more than one "-"');
  return to === undefined ? parseBlock(from) : parseRange(from, to);
}

function parseBlock(text: string): AddressRange {
  const cidr = parseCidr(text);
  if (cidr === undefined) throw notAnAddress(text);
  const { length, ...range } = prefixOf(cidr);
  if (hasHostBits(cidr)) {
    throw new Complaint(`has host bits set: write ${formatPrefix({ ...range, length })}`);
  }
  return range;
}

function parseRange(from: string, to: string): AddressRange {
  const [one, other] = [parseAddress(from), parseAddress(to)];
  if (one === undefined) throw notAnAddress(from);
  if (other === undefined) throw notAnAddress(to);
  if (one.family !== other.family) throw new Complaint('mixes address families');
  if (one.value > other.value) throw new Complaint(`ends before it starts: write ${to}-${from}`);
  return { family: one.family, first: one.value, last: other.value };
}

function notAnAddress(text: string): Complaint {
  // The last group of an IPv6 address reads like a port: say how to write what may have been meant.
  const isPerhapsPort = /^[\da-f:]+\/\d+:\d+/.test(text) || /:\d+\/[a-z]+$/.test(text);
  const advice = isPerhapsPort
    ? 'IPv6 with a port needs brackets, as in [fd00::/8]:443/tcp'
    : `expected such as ${EXAMPLES}`;
  return new Complaint(`is not an address, a prefix or a range: ${advice}`);
}

function parseService(text: string): Service {
  const [ports = '', protocol = 'tcp', ...more] = text.split('/');
  const [first = '', last = first, ...others] = ports.split('-');
  if (others.length > 0) throw new Complaint(`names ports "${excerpt(ports)}": expected such as 8000-8100`);
  const [firstPort, lastPort] = [parsePort(first), parsePort(last)];
  if (firstPort > lastPort) {
    throw new Complaint(`names ports that end before they start: write ${lastPort}-${firstPort}`);
  }
  if (!isProtocol(protocol) || more.length > 0) {
    const known = Object.keys(PROTOCOLS).join(', ');
    throw new Complaint(`names protocol "${excerpt([protocol, ...more].join('/'))}": expected one of ${known}`);
  }
  return { protocol, firstPort, lastPort };
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= LAST_PORT) return port;
  throw new Complaint(`names port "${excerpt(text)}": expected one of 1 to ${LAST_PORT}`);
}

function isProtocol(text: string): text is keyof typeof PROTOCOLS {
  return Object.hasOwn(PROTOCOLS, text);
}

function complaint(direction: Direction, position: number, reason: string): NetfilterError {
  const operation = `list of allowed ${WORDS[direction].peers}, character ${position}`;
  return new NetfilterError({ code: 'ALLOW_LIST_INVALID', operation, reason, position });
}
