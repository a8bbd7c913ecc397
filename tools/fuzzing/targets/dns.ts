import { Buffer } from 'node:buffer';
import { DnsGate, parseNamePattern } from '@routed/dns-gate';
import fc from 'fast-check';
import {
  a,
  aaaa,
  answer,
  CLIENT,
  cname,
  framed,
  question,
  RESOLVER,
  tcp,
  udp,
} from '../../../packages/dns-gate/test/support/packets.ts';
import { target } from '../fuzz.ts';
import { expectTyped } from '../typed-errors.ts';

const NAME = 'api.example.com';
const ADDRESS = '198.51.100.7';

const asked = question(NAME);
const messages = [
  asked,
  answer(NAME, [a(NAME, ADDRESS)]),
  answer(NAME, [cname(NAME, 'b.cdn.net'), a('b.cdn.net', ADDRESS), aaaa('b.cdn.net', '2001:db8::7')]),
  answer(NAME, [a(NAME, ADDRESS)], {
    additionals: [{ type: 'OPT', name: '.', udpPayloadSize: 4096, flags: 0, options: [] } as never],
  }),
  answer(NAME, [
    { name: NAME, type: 'TXT', data: ['text'], ttl: 1 },
    { name: NAME, type: 'SRV', data: { port: 1, target: 'x.net' }, ttl: 1 },
    { name: NAME, type: 'MX', data: { exchange: 'x.net' }, ttl: 1 },
    { name: NAME, type: 'SOA', data: { mname: 'x.net', rname: 'y.net' }, ttl: 1 },
    { name: NAME, type: 'CAA', data: { tag: 'issue', value: 'x' }, ttl: 1 },
  ]),
];

/** Bytes of messages, some of them changed, cut off or followed by others. */
const message = fc
  .tuple(
    fc.constantFrom(...messages),
    fc.array(fc.tuple(fc.nat(600), fc.oneof(fc.constantFrom(0xc0, 0xff, 0, 0x3f), fc.nat(255))), { maxLength: 6 }),
    fc.option(fc.nat(600)),
    fc.uint8Array({ maxLength: 24 }),
  )
  .map(([bytes, changes, length, more]) => {
    const changed = Buffer.concat([bytes, more]);
    for (const [at, value] of changes) changed[at % changed.length] = value;
    return length === null ? changed : changed.subarray(0, length);
  });

type Step = readonly [isAnswer: boolean, isTcp: boolean, at: number, flags: number, bytes: Uint8Array];
const step: fc.Arbitrary<Step> = fc.tuple(
  fc.boolean(),
  fc.boolean(),
  fc.oneof(fc.nat(200), fc.nat(0xffff_ffff)),
  fc.constantFrom(0x10, 0x10, 0x12, 0x14),
  fc.oneof({ weight: 6, arbitrary: message }, { weight: 1, arbitrary: fc.uint8Array({ maxLength: 80 }) }),
);

/** What containers and name servers send. */
export const dnsPackets = target({
  name: 'DNS packets',
  weight: 12,
  input: fc.tuple(fc.array(step, { minLength: 1, maxLength: 4 }), fc.uint8Array({ maxLength: 100 })),
  feed: ([steps, raw]) => {
    const gate = new DnsGate({ lists: () => new Set([NAME]), isOwn: () => false, nowMs: () => 0 });
    gate.read('x', 'answering', raw);
    for (const [isAnswer, isTcp, at, flags, bytes] of steps) {
      const [from, to] = isAnswer ? [RESOLVER, CLIENT] : [CLIENT, RESOLVER];
      const packet = isTcp ? tcp(from, to, at, framed(bytes), flags) : udp(from, to, bytes);
      gate.confirm(gate.read('x', isAnswer ? 'answering' : 'asking', packet).openings);
      packet[at % packet.length] = flags;
      gate.read('x', isAnswer ? 'answering' : 'asking', packet);
    }
    const { answers, questions } = gate.counters;
    if (answers > questions) throw new Error('an answer counts that nobody asked for');
  },
});

/** Packets of one input of {@link dnsMutants}. */
export const MUTANTS = 100;

/** Pseudo-random numbers, as many as are asked for. Source: G. Marsaglia, "Xorshift RNGs", 2003. */
function numbers(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** Many packets for each input, as most of the time of the others goes into making them: what a name server might send. */
export const dnsMutants = target({
  name: 'DNS mutants',
  weight: 1,
  input: fc.integer(),
  feed: (seed) => {
    const pick = numbers(seed);
    const gate = new DnsGate({ lists: () => new Set([NAME]), isOwn: () => false, nowMs: () => 0 });
    for (let count = 0; count < MUTANTS; count++) {
      const bytes = new Uint8Array(messages[pick(messages.length)] ?? asked);
      for (let changes = pick(8); changes > 0; changes--) {
        // Counts, pointers and lengths are where readers go wrong.
        bytes[pick(2) === 0 ? pick(bytes.length) : pick(14)] = pick(3) === 0 ? 0xc0 : pick(256);
      }
      const message = pick(4) === 0 ? bytes.subarray(0, pick(bytes.length)) : bytes;
      const isTcp = pick(4) === 0;
      gate.read('x', 'asking', udp(CLIENT, RESOLVER, asked));
      gate.read(
        'x',
        'answering',
        isTcp ? tcp(RESOLVER, CLIENT, pick(64), framed(message), pick(32)) : udp(RESOLVER, CLIENT, message),
      );
    }
  },
});

const namePiece = fc.oneof(
  fc.constantFrom(
    '*',
    '.',
    'api',
    'example',
    'com',
    '-',
    '_',
    'xn--',
    'ü',
    '\u212a',
    '10',
    '0x7f',
    '\0',
    '/',
    ':',
    '@',
    '%',
  ),
  fc.string({ maxLength: 4, unit: 'grapheme' }),
);

/** Host names of lists. */
export const hostNames = target({
  name: 'host names',
  weight: 6,
  input: fc.array(namePiece, { maxLength: 12 }).map((parts) => parts.join('')),
  feed: (text) => {
    expectTyped(() => {
      const pattern = parseNamePattern(text);
      if (parseNamePattern(pattern) !== pattern) throw new Error(`${pattern} is read as another name`);
    });
  },
});
