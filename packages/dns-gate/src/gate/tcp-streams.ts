import { Buffer } from 'node:buffer';
import type { Segment } from '../packet/read-packet.ts';

/** A length of two bytes, and what it is the length of. Source: RFC 1035, section 4.2.2. */
const LENGTH_BYTES = 2;
/** Streams of one client that are followed at once, both directions counted; the one that was silent longest is forgotten. */
const MOST_PER_CLIENT = 64;
/** What one stream may have waiting for what comes before it: the longest message. */
const MOST_WAITING_BYTES = 0x1_0001;
const MOST_WAITING_SEGMENTS = 128;

interface Stream {
  /** Sequence number of the next byte. */
  next: number;
  /** The beginning of a message. */
  readonly parts: Uint8Array[];
  size: number;
  /** Segments that came too early, by sequence number. */
  readonly early: Map<number, Uint8Array>;
}

/**
 * Puts messages together that come in segments: split, several in one, twice, or not in order.
 *
 * A stream is followed from its first segment (SYN) on, and no longer when it cannot be.
 */
export class TcpStreams {
  readonly #byClient = new Map<string, Map<string, Stream>>();

  /** The messages that a segment completes; `key` is that of its direction. They may be kept. */
  messages(client: string, key: string, { sequence, isSyn, isReset }: Segment, payload: Uint8Array): Uint8Array[] {
    const streams = this.#byClient.get(client) ?? new Map<string, Stream>();
    this.#byClient.set(client, streams);
    const start = isSyn ? (sequence + 1) >>> 0 : sequence;
    if (isSyn) streams.set(key, { next: start, parts: [], size: 0, early: new Map() });
    const stream = streams.get(key);
    streams.delete(key);
    if (stream === undefined || isReset) return [];
    const messages = payload.length === 0 ? [] : [...receive(stream, start, payload)];
    if (isWithinBounds(stream)) streams.set(key, stream);
    if (streams.size > MOST_PER_CLIENT) streams.delete(streams.keys().next().value ?? '');
    return messages;
  }

  /** Follows none of a client's streams any more. */
  forget(client: string): void {
    this.#byClient.delete(client);
  }
}

function* receive(stream: Stream, sequence: number, payload: Uint8Array): Generator<Uint8Array> {
  let [at, bytes]: [number, Uint8Array | undefined] = [sequence, payload];
  while (bytes !== undefined) {
    const behind = (stream.next - at) | 0;
    if (behind < 0) {
      if ((stream.early.get(at)?.length ?? 0) < bytes.length) stream.early.set(at, new Uint8Array(bytes));
      return;
    }
    // What was there before counts: the receiver has it already.
    const fresh = bytes.subarray(behind);
    stream.next = (stream.next + fresh.length) >>> 0;
    if (fresh.length > 0) {
      stream.parts.push(new Uint8Array(fresh));
      stream.size += fresh.length;
      yield* takeMessages(stream);
    }
    [at, bytes] = takeEarly(stream);
  }
}

/** A segment that is no longer too early. */
function takeEarly(stream: Stream): [number, Uint8Array | undefined] {
  for (const [at, bytes] of stream.early) {
    if (((stream.next - at) | 0) < 0) continue;
    stream.early.delete(at);
    return [at, bytes];
  }
  return [0, undefined];
}

function* takeMessages(stream: Stream): Generator<Uint8Array> {
  if (stream.size < LENGTH_BYTES || stream.size < needed(stream)) return;
  let bytes = Buffer.concat(stream.parts);
  while (bytes.length >= LENGTH_BYTES && bytes.length >= LENGTH_BYTES + bytes.readUInt16BE()) {
    const end = LENGTH_BYTES + bytes.readUInt16BE();
    yield bytes.subarray(LENGTH_BYTES, end);
    bytes = bytes.subarray(end);
  }
  stream.parts.splice(0, Infinity, ...(bytes.length === 0 ? [] : [bytes]));
  stream.size = bytes.length;
}

/** Bytes of the first message, with its length; all parts hold at least one. */
function needed({ parts: [first = new Uint8Array(), second = new Uint8Array()] }: Stream): number {
  const high = first[0] ?? 0;
  const low = first[1] ?? second[0] ?? 0;
  return LENGTH_BYTES + ((high << 8) | low);
}

function isWithinBounds({ early }: Stream): boolean {
  let bytes = 0;
  for (const { length } of early.values()) bytes += length;
  return bytes <= MOST_WAITING_BYTES && early.size <= MOST_WAITING_SEGMENTS;
}
