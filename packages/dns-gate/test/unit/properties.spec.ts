import { expect } from 'chai';
import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { DnsGate } from '../../src/index.ts';
import { readMessage } from '../../src/message/read-message.ts';
import { a, answer, CLIENT, cname, framed, question, RESOLVER, tcp, udp } from '../support/packets.ts';

const NAME = 'api.example.com';
const open = (): DnsGate => new DnsGate({ lists: () => new Set([NAME]), isOwn: () => false, nowMs: () => 0 });
const label = fc.stringMatching(/^[a-z0-9]{1,8}$/);
const name = fc.array(label, { minLength: 2, maxLength: 4 }).map((labels) => labels.join('.'));
const address = fc.ipV4();
const record = fc.oneof(
  fc.tuple(name, address).map(([owner, data]) => a(owner, data)),
  fc.tuple(name, name).map(([owner, data]) => cname(owner, data)),
);

describe('what holds for any DNS', () => {
  it('any bytes are read, and open nothing that nobody asked for', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        const gate = open();
        readMessage(bytes);

        expect(gate.read('x', 'answering', bytes).openings).to.deep.equal([]);
        expect(gate.read('x', 'answering', udp(RESOLVER, CLIENT, bytes)).openings).to.deep.equal([]);
      }),
      { numRuns: 300 },
    );
  });

  it('an answer opens addresses of its records, and none when no record leads to them from the name', () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 12 }), fc.boolean(), (records, isLinked) => {
        const gate = open();
        const all = isLinked ? [cname(NAME, 'start.net'), ...records] : records;
        gate.read('x', 'asking', udp(CLIENT, RESOLVER, question(NAME)));

        const { openings } = gate.read('x', 'answering', udp(RESOLVER, CLIENT, answer(NAME, all)));

        // No generated owner is the name itself, or start.net.
        expect(openings).to.deep.equal([]);
      }),
      { numRuns: 200 },
    );
  });

  it('a TCP stream gives the same, however it is cut, mixed and repeated', () => {
    const reply = framed(answer(NAME, [a(NAME, '198.51.100.7'), a(NAME, '198.51.100.8')]));
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: reply.length - 1 }), { maxLength: 10 });
    fc.assert(
      fc.property(cuts, fc.infiniteStream(fc.nat()), fc.integer({ min: 0, max: 0xffff_ffff }), (at, order, start) => {
        const borders = [0, ...at.sort((one, other) => one - other), reply.length];
        const pieces = borders
          .slice(0, -1)
          .map((from, index) => ({ from, bytes: reply.subarray(from, borders[index + 1]) }));
        const mixed = [...pieces, ...pieces]
          .map((piece) => ({ piece, rank: Number(order.next().value) }))
          .sort((one, other) => one.rank - other.rank);
        const gate = open();
        gate.read('x', 'asking', tcp(CLIENT, RESOLVER, 0, undefined, 0x02));
        gate.read('x', 'asking', tcp(CLIENT, RESOLVER, 1, framed(question(NAME))));
        gate.read('x', 'answering', tcp(RESOLVER, CLIENT, start, undefined, 0x12));

        const found = mixed.flatMap(({ piece: { from, bytes } }) =>
          gate
            .read('x', 'answering', tcp(RESOLVER, CLIENT, start + 1 + from, bytes))
            .openings.map((each) => each.address),
        );

        expect(found).to.deep.equal(['198.51.100.7', '198.51.100.8']);
      }),
      { numRuns: 200 },
    );
  });

  it('a changed byte of an answer never opens more than the answer, when the question still fits', () => {
    const reply = answer(NAME, [cname(NAME, 'b.cdn.net'), a('b.cdn.net', '198.51.100.7')]);
    fc.assert(
      fc.property(fc.nat(reply.length - 1), fc.integer({ min: 0, max: 255 }), (at, value) => {
        const gate = open();
        const changed = Buffer.from(reply);
        changed[at] = value;
        gate.read('x', 'asking', udp(CLIENT, RESOLVER, question(NAME)));

        expect(gate.read('x', 'answering', udp(RESOLVER, CLIENT, changed)).openings.length).to.be.at.most(1);
      }),
      { numRuns: 300 },
    );
  });
});
