import { Buffer } from 'node:buffer';
import { parseIp } from '@routed/addresses';
import { type Answer, encode, type Packet, type RecordType } from 'dns-packet';

/** The two ends of a conversation. */
export const CLIENT = { address: '10.1.0.2', port: 40_000 };
export const RESOLVER = { address: '10.9.0.53', port: 53 };
export const CLIENT6 = { address: 'fd00:1::2', port: 40_000 };
export const RESOLVER6 = { address: 'fd00:9::53', port: 53 };

export interface End {
  readonly address: string;
  readonly port: number;
}

/** A question, as a stub resolver asks it. */
export function question(name: string, more: Packet & { readonly kind?: RecordType } = {}): Buffer {
  const { kind = 'A', ...rest } = more;
  return encode({ type: 'query', id: 7, flags: 0x100, questions: [{ name, type: kind, class: 'IN' }], ...rest });
}

/** An answer with these records to {@link question}. */
export function answer(name: string, answers: Answer[], more: Packet & { readonly kind?: RecordType } = {}): Buffer {
  return question(name, { type: 'response', answers, ...more });
}

export const a = (name: string, data: string, ttl = 300): Answer => ({ name, type: 'A', data, ttl, class: 'IN' });
export const aaaa = (name: string, data: string, ttl = 300): Answer => ({ name, type: 'AAAA', data, ttl, class: 'IN' });
export const cname = (name: string, data: string, ttl = 300): Answer => ({
  name,
  type: 'CNAME',
  data,
  ttl,
  class: 'IN',
});

/** A UDP packet from its IP header on, without checksums. */
export function udp(from: End, to: End, payload: Uint8Array): Uint8Array {
  const header = Buffer.alloc(8);
  header.writeUInt16BE(from.port, 0);
  header.writeUInt16BE(to.port, 2);
  header.writeUInt16BE(8 + payload.length, 4);
  return ip(from, to, 17, Buffer.concat([header, payload]));
}

/** A TCP segment from its IP header on; `flags`: 0x02 SYN, 0x04 RST, 0x10 ACK. */
export function tcp(
  from: End,
  to: End,
  sequence: number,
  payload: Uint8Array = Buffer.alloc(0),
  flags = 0x10,
): Uint8Array {
  const header = Buffer.alloc(20);
  header.writeUInt16BE(from.port, 0);
  header.writeUInt16BE(to.port, 2);
  header.writeUInt32BE(sequence >>> 0, 4);
  header[12] = 0x50;
  header[13] = flags;
  return ip(from, to, 6, Buffer.concat([header, payload]));
}

/** A message with its length before it, as in a TCP stream. */
export function framed(message: Uint8Array): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}

/** An IP packet of either family. */
export function ip(from: End, to: End, protocol: number, payload: Uint8Array, extensions?: Uint8Array): Uint8Array {
  const [source, destination] = [parseIp(from.address)!.bytes, parseIp(to.address)!.bytes];
  if (source.length === 4) {
    const header = Buffer.alloc(20);
    header[0] = 0x45;
    header.writeUInt16BE(20 + payload.length, 2);
    header[8] = 64;
    header[9] = protocol;
    return Buffer.concat(
      [header, source, destination]
        .map((part, index) => (index === 0 ? part.subarray(0, 12) : part))
        .concat([Buffer.from(payload)]),
    );
  }
  const body = Buffer.concat([extensions ?? Buffer.alloc(0), payload]);
  const header = Buffer.alloc(8);
  header[0] = 0x60;
  header.writeUInt16BE(body.length, 4);
  header[6] = protocol;
  header[7] = 64;
  return Buffer.concat([header, source, destination, body]);
}
