import { Buffer } from 'node:buffer';
import { type Answer, decode, type DecodedPacket } from 'dns-packet';

/** A question, in a form that may be compared. */
export interface Question {
  /** In lower case. */
  readonly name: string;
  readonly type: string;
}

/** What a record of an answer says: an address, or another name for its owner. */
export interface DnsRecord {
  /** In lower case. */
  readonly owner: string;
  readonly type: 'A' | 'AAAA' | 'CNAME';
  /** The address, or the name in lower case. */
  readonly data: string;
  readonly ttlSec: number;
}

/** A question, or an answer to one. */
export interface Message {
  readonly id: number;
  readonly isAnswer: boolean;
  /** At least one, of host names in class IN. */
  readonly questions: readonly Question[];
  /** Those of the answer section. None in questions, and in errors. */
  readonly records: readonly DnsRecord[];
}

const HEADER_BYTES = 12;
const IS_ANSWER = 0x8000;
const OPCODE = 0x7800;
const ERROR_CODE = 0x000f;
/** Others ask one question. */
const MOST_QUESTIONS = 8;
/** More than 20 answers fit no datagram that is not fragmented; this many take less than a millisecond to read. */
const MOST_RECORDS = 512;
/** Names in ASCII only: what looks like another letter is another name. Source: RFC 4343. */
const HOST_NAME = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/;

/**
 * Reads one message of DNS. Pure; any bytes may be given.
 *
 * @returns undefined for what cannot be read, is no question and no answer, or is about something else than host names
 */
export function readMessage(bytes: Uint8Array): Message | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const flags = view.getUint16(2);
  const [asked = 0, ...counts] = [4, 6, 8, 10].map((offset) => view.getUint16(offset));
  const recordCount = counts.reduce((sum, count) => sum + count, 0);
  if ((flags & OPCODE) !== 0 || asked === 0 || asked > MOST_QUESTIONS || recordCount > MOST_RECORDS) return undefined;
  const decoded = decodeSafely(bytes);
  if (decoded === undefined) return undefined;
  const questions = readQuestions(decoded, bytes);
  if (questions === undefined) return undefined;
  const isAnswer = (flags & IS_ANSWER) !== 0;
  const hasRecords = isAnswer && (flags & ERROR_CODE) === 0;
  return { id: view.getUint16(0), isAnswer, questions, records: hasRecords ? readRecords(decoded) : [] };
}

function decodeSafely(bytes: Uint8Array): DecodedPacket | undefined {
  try {
    return decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch {
    // It throws errors of many kinds for bytes that are no message.
    return undefined;
  }
}

function readQuestions({ questions = [] }: DecodedPacket, bytes: Uint8Array): Question[] | undefined {
  const read: Question[] = [];
  let offset = HEADER_BYTES;
  for (const { name, type, class: kind } of questions) {
    const end = endOfName(bytes, offset, name);
    if (end === undefined || kind !== 'IN') return undefined;
    read.push({ name: name.toLowerCase(), type });
    // Type and class.
    offset = end + 4;
  }
  return read;
}

/**
 * Where the name that starts at `offset` ends, if it is a host name written label by label; the library gives a label with a dot
 * in it as two.
 */
function endOfName(bytes: Uint8Array, offset: number, name: string): number | undefined {
  if (!HOST_NAME.test(name)) return undefined;
  let end = offset;
  for (const { length } of name.split('.')) {
    if (bytes[end] !== length) return undefined;
    end += 1 + length;
  }
  return bytes[end] === 0 ? end + 1 : undefined;
}

function readRecords({ answers = [] }: DecodedPacket): DnsRecord[] {
  return answers.flatMap((answer) => readRecord(answer) ?? []);
}

function readRecord(answer: Answer): DnsRecord | undefined {
  if (answer.type !== 'A' && answer.type !== 'AAAA' && answer.type !== 'CNAME') return undefined;
  const { name, type, data, ttl = 0, class: kind = 'IN' } = answer;
  if (kind !== 'IN' || !HOST_NAME.test(name) || (type === 'CNAME' && !HOST_NAME.test(data))) return undefined;
  // Source: RFC 2181, section 8.
  const ttlSec = ttl > 0x7fff_ffff ? 0 : ttl;
  return { owner: name.toLowerCase(), type, data: data.toLowerCase(), ttlSec };
}
