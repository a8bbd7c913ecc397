import { type AddressRange, formatPrefix, hasHostBits, parseAddress, parseCidr, prefixOf } from '@routed/addresses';
import { excerpt } from '@routed/text';
import { NetfilterError } from '../netfilter-error.ts';
import { type AllowEntry, type AllowList, mergeEntries, PROTOCOLS, type Service } from './allow-list.ts';

/** Why an entry is not one. */
class Complaint extends Error {}

const EXAMPLES = '10.0.0.0/8, 10.1.2.3, 10.1.2.3-10.1.2.9, fd00::/8, 10.0.0.0/8:443/tcp, [fd00::/8]:53/udp';
const PORTS = 65_535;
/** As many as are measured, and promised. Reading, encoding and setting them takes the longer the more there are. */
const MAX_ENTRIES = 10_000;

/**
 * Reads a list of allowed sources.
 *
 * Entries are separated by commas, spaces, plus signs or semicolons, any number of them. An entry is an address, a prefix
 * or a range `first-last` of either family; `:port` or `:port/protocol` after it allows that port only (tcp unless udp or
 * sctp is said). IPv6 with a port stands in brackets: `[fd00::/8]:443/tcp`. Instead of a list, `none` allows nobody and
 * `any` everybody. Upper and lower case are the same. Overlapping entries are merged. At most 10,000 entries.
 *
 * @throws NetfilterError ALLOW_LIST_INVALID with the position of the entry at fault; for a list without entries too
 */
export function parseAllowList(text: string): AllowList {
  const words = Array.from(text.toLowerCase().matchAll(/[^\s,;+]+/g), ({ 0: word, index }) => ({ word, index }));
  const [first] = words;
  if (first === undefined) throw invalid(1, 'it is empty: write "none" to allow nobody, or omit the option');
  if (words.length === 1 && first.word === 'none') return { entries: [] };
  if (words.length === 1 && first.word === 'any') return { entries: ['0.0.0.0/0', '::/0'].map(parseBlock) };
  const surplus = words[MAX_ENTRIES];
  if (surplus !== undefined) throw invalid(surplus.index + 1, `it has ${words.length} entries: at most ${MAX_ENTRIES}`);
  return { entries: mergeEntries(words.map(({ word, index }) => parseEntry(word, index + 1))) };
}

function parseEntry(word: string, position: number): AllowEntry {
  try {
    const { source, port } = splitEntry(word);
    return { ...parseSource(source), ...(port !== undefined && { service: parseService(port) }) };
  } catch (error) {
    if (error instanceof Complaint) throw invalid(position, `"${excerpt(word)}" ${error.message}`);
    throw error;
  }
}

/** Takes the port off: behind brackets, or behind the only colon, which no IPv6 address has. */
function splitEntry(word: string): { readonly source: string; readonly port?: string | undefined } {
  if (word === 'none' || word === 'any') throw new Complaint('must be the only entry');
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(word);
  if (bracketed !== null) return { source: bracketed[1] ?? '', port: bracketed[2] };
  if (/[[\]]/.test(word)) throw new Complaint('has brackets that are not around the source: write [fd00::/8]:443/tcp');
  const [source = '', port, ...more] = word.split(':');
  return more.length > 0 ? { source: word } : { source, port };
}

function parseSource(source: string): AddressRange {
  const [from = '', to, ...more] = source.split('-');
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
  const [port = '', protocol = 'tcp', ...more] = text.split('/');
  const number = /^\d{1,5}$/.test(port) ? Number(port) : 0;
  if (number < 1 || number > PORTS) throw new Complaint(`names port "${excerpt(port)}": expected one of 1 to ${PORTS}`);
  if (!isProtocol(protocol) || more.length > 0) {
    const known = Object.keys(PROTOCOLS).join(', ');
    throw new Complaint(`names protocol "${excerpt([protocol, ...more].join('/'))}": expected one of ${known}`);
  }
  return { protocol, port: number };
}

function isProtocol(text: string): text is keyof typeof PROTOCOLS {
  return Object.hasOwn(PROTOCOLS, text);
}

function invalid(position: number, reason: string): NetfilterError {
  const operation = `list of allowed sources, character ${position}`;
  return new NetfilterError({ code: 'ALLOW_LIST_INVALID', operation, reason, position });
}
