import { expect } from 'chai';
import { Buffer } from 'node:buffer';
import { DnsGate, type Finding, parseNamePattern } from '../../src/index.ts';
import {
  a,
  aaaa,
  answer,
  CLIENT,
  CLIENT6,
  cname,
  framed,
  question,
  RESOLVER,
  RESOLVER6,
  tcp,
  udp,
} from '../support/packets.ts';

const NAME = 'api.example.com';
const LINK = 'vethr1';

interface Stage {
  readonly gate: DnsGate;
  readonly asks: (message: Uint8Array) => Finding;
  readonly hears: (message: Uint8Array) => Finding;
  /** Asks, and hears this answer. */
  readonly resolves: (name: string, reply: Uint8Array) => Finding;
  readonly advance: (ms: number) => void;
}

function stage(patterns: string[] = [NAME, '*.example.org'], own: string[] = []): Stage {
  const list = new Set<string>(patterns.map(parseNamePattern));
  let nowMs = 1_000;
  const gate = new DnsGate({
    lists: (client) => (client === LINK ? list : undefined),
    isOwn: (address) => own.includes(address),
    nowMs: () => nowMs,
  });
  const made: Stage = {
    gate,
    asks: (message) => gate.read(LINK, 'asking', udp(CLIENT, RESOLVER, message)),
    hears: (message) => gate.read(LINK, 'answering', udp(RESOLVER, CLIENT, message)),
    resolves(name, reply) {
      made.asks(question(name));
      return made.hears(reply);
    },
    advance: (ms) => void (nowMs += ms),
  };
  return made;
}
const addresses = ({ openings }: Finding): string[] => openings.map(({ address }) => address);

describe('DnsGate', () => {
  it('opens the addresses of an answer to a question about a listed name, for its time', () => {
    const { resolves, gate } = stage();

    const found = resolves(NAME, answer(NAME, [a(NAME, '198.51.100.7', 300), a(NAME, '198.51.100.8', 300)]));

    const entry = { client: LINK, name: NAME, pattern: NAME, timeoutSec: 360 };
    expect(found).to.deep.equal({
      openings: ['198.51.100.7', '198.51.100.8'].map((address) => ({ ...entry, address })),
      closed: [],
    });
    expect(gate.counters).to.deep.equal({ questions: 1, answers: 1, unasked: 0, unreadable: 0, closed: 0 });
  });

  it('keeps times between floor and ceiling', () => {
    const times = [0, 59, 3_600, 86_401, 0x8000_0000].map((ttl) =>
      stage()
        .resolves(NAME, answer(NAME, [a(NAME, '198.51.100.7', ttl)]))
        .openings.map(({ timeoutSec }) => timeoutSec),
    );

    expect(times.flat()).to.deep.equal([120, 120, 3_660, 86_460, 120]);
  });

  it('follows other names of a name, with the least of their times, and nothing else', () => {
    const { resolves } = stage();

    const { openings } = resolves(
      NAME,
      answer(NAME, [
        cname('b.cdn.net', 'c.cdn.net', 400),
        cname(NAME, 'B.cdn.net', 200),
        a('c.cdn.net', '198.51.100.7', 500),
        a('other.cdn.net', '198.51.100.66'),
        cname('x.net', 'y.net'),
      ]),
    );

    expect(openings.map(({ address, timeoutSec }) => [address, timeoutSec])).to.deep.equal([['198.51.100.7', 260]]);
  });

  it('ends with names that lead in a circle, or on for ever', () => {
    const { resolves } = stage();
    const circle = [cname(NAME, 'b.net'), cname('b.net', NAME), a('b.net', '198.51.100.7')];
    const chain = Array.from({ length: 40 }, (_, index) =>
      cname(index === 0 ? NAME : `n${index}.net`, `n${index + 1}.net`),
    );

    expect(addresses(resolves(NAME, answer(NAME, circle)))).to.deep.equal(['198.51.100.7']);
    expect(addresses(resolves(NAME, answer(NAME, [...chain, a('n40.net', '198.51.100.8')])))).to.deep.equal([]);
  });

  it('reads IPv6, over either family, and answers with options', () => {
    const { gate } = stage();
    const options = { additionals: [{ type: 'OPT', name: '.', udpPayloadSize: 4096, flags: 0, options: [] } as never] };

    gate.read(LINK, 'asking', udp(CLIENT6, RESOLVER6, question(NAME, { kind: 'AAAA', ...options })));
    const reply = answer(NAME, [aaaa(NAME, '2001:db8::7')], { kind: 'AAAA', ...options });
    const found = gate.read(LINK, 'answering', udp(RESOLVER6, CLIENT6, reply));

    expect(addresses(found)).to.deep.equal(['2001:db8::7']);
  });

  it('reads several questions in one message, and one each under way', () => {
    const { asks, hears } = stage();
    const questions = [NAME, 'a.example.org'].map((name) => ({ name, type: 'A', class: 'IN' }) as const);
    const both = [a(NAME, '198.51.100.7'), a('a.example.org', '198.51.100.8')];
    asks(question('', { questions }));
    asks(question(NAME, { id: 8, kind: 'AAAA' }));
    asks(question(NAME, { id: 9 }));

    expect(addresses(hears(answer(NAME, [a(NAME, '198.51.100.9')], { id: 9 })))).to.deep.equal(['198.51.100.9']);
    expect(addresses(hears(answer('', both, { questions })))).to.deep.equal(['198.51.100.7', '198.51.100.8']);
    expect(addresses(hears(answer(NAME, [aaaa(NAME, '2001:db8::7')], { id: 8, kind: 'AAAA' })))).to.deep.equal([
      '2001:db8::7',
    ]);
  });

  it('reads hundreds of addresses in one answer', () => {
    const { resolves } = stage();
    const many = Array.from({ length: 300 }, (_, index) => a(NAME, `198.51.${100 + (index >> 8)}.${index & 255}`));

    const reply = answer(NAME, many);

    expect(reply.length).to.be.greaterThan(4096);
    expect(addresses(resolves(NAME, reply))).to.have.lengthOf(300);
  });

  describe('leaves closed', () => {
    it('what a question about another name leads to', () => {
      const { resolves, gate } = stage();

      for (const name of ['example.com', 'x.api.example.com', 'example.org', 'a.b.example.org', 'evil.net']) {
        expect(resolves(name, answer(name, [a(name, '198.51.100.7')])).openings).to.deep.equal([]);
      }
      expect(gate.counters.questions).to.equal(0);
    });

    it('what nobody asked for: another id, name, type, port, resolver, client, or a second answer', () => {
      const { gate, asks, hears } = stage();
      const reply = answer(NAME, [a(NAME, '198.51.100.7')]);
      asks(question(NAME));

      const others = [
        hears(answer(NAME, [a(NAME, '198.51.100.7')], { id: 8 })),
        hears(answer('a.example.org', [a('a.example.org', '198.51.100.7')])),
        hears(answer(NAME, [aaaa(NAME, '2001:db8::7')], { kind: 'AAAA' })),
        gate.read(LINK, 'answering', udp(RESOLVER, { ...CLIENT, port: 40_001 }, reply)),
        gate.read(LINK, 'answering', udp({ ...RESOLVER, address: '10.9.0.54' }, CLIENT, reply)),
        gate.read('vethr2', 'answering', udp(RESOLVER, CLIENT, reply)),
      ];
      const first = hears(reply);
      const second = hears(answer(NAME, [a(NAME, '198.51.100.9')]));

      expect(others.flatMap(addresses)).to.deep.equal([]);
      expect(addresses(first)).to.deep.equal(['198.51.100.7']);
      expect(addresses(second)).to.deep.equal([]);
      expect(gate.counters.unasked).to.equal(6);
    });

    it('what comes too late', () => {
      const { asks, hears, advance } = stage();
      asks(question(NAME));
      advance(30_001);

      expect(hears(answer(NAME, [a(NAME, '198.51.100.7')])).openings).to.deep.equal([]);
    });

    it('errors, records of another class, and records in other sections', () => {
      const { resolves } = stage();
      const record = a(NAME, '198.51.100.7');
      const failed = Buffer.from(answer(NAME, [record]));
      failed[3] = (failed[3] ?? 0) | 3;

      expect(resolves(NAME, failed).openings).to.deep.equal([]);
      expect(resolves(NAME, answer(NAME, [{ ...record, class: 'CH' } as never])).openings).to.deep.equal([]);
      expect(resolves(NAME, answer(NAME, [], { additionals: [record], authorities: [record] })).openings).to.deep.equal(
        [],
      );
    });

    it('addresses that a public name has no business with', () => {
      const { resolves, gate } = stage([NAME], ['198.51.100.1', '2001:db8::1']);
      const bad = {
        'this host': ['198.51.100.1'],
        'no destination': ['0.0.0.0', '127.0.0.1', '127.8.8.8', '169.254.169.254', '224.0.0.1', '255.255.255.255'],
        private: ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', '100.64.0.1', '198.18.0.1'],
      };

      const { openings, closed } = resolves(
        NAME,
        answer(
          NAME,
          Object.values(bad)
            .flat()
            .map((address) => a(NAME, address)),
        ),
      );

      expect(openings).to.deep.equal([]);
      expect(closed.map(({ address, reason }) => [address, reason])).to.deep.equal(
        Object.entries(bad).flatMap(([reason, list]) => list.map((address) => [address, reason])),
      );
      expect(gate.counters.closed).to.equal(13);
    });

    it('the same of IPv6, also where an IPv4 address is inside', () => {
      const { gate } = stage([NAME], ['198.51.100.1', '2001:db8::1']);
      const bad = {
        'this host': ['2001:db8::1', '64:ff9b::c633:6401'],
        'no destination': [
          '::',
          '::1',
          '::ffff:198.51.100.9',
          '::198.51.100.9',
          'fe80::1',
          'ff02::1',
          '64:ff9b::7f00:1',
        ],
        private: ['fd00::1', 'fec0::1', '64:ff9b::a00:1', '2002:a00:1::1', '64:ff9b:1::1'],
      };
      const records = Object.values(bad)
        .flat()
        .map((address) => aaaa(NAME, address));
      gate.read(LINK, 'asking', udp(CLIENT, RESOLVER, question(NAME, { kind: 'AAAA' })));

      const { openings, closed } = gate.read(
        LINK,
        'answering',
        udp(RESOLVER, CLIENT, answer(NAME, records, { kind: 'AAAA' })),
      );

      expect(openings).to.deep.equal([]);
      expect(closed.map(({ reason }) => reason)).to.deep.equal(
        Object.entries(bad).flatMap(([reason, list]) => list.map(() => reason)),
      );
    });

    it('a private address behind another name', () => {
      const { resolves } = stage();

      const { openings, closed } = resolves(
        NAME,
        answer(NAME, [cname(NAME, 'in.evil.net'), a('in.evil.net', '10.0.0.1')]),
      );

      expect([openings, closed.length]).to.deep.equal([[], 1]);
    });

    it('more than a thousand addresses', () => {
      const { asks, hears, gate, advance } = stage(['*.example.org']);
      const fill = (block: number): Finding => {
        const name = `n${block}.example.org`;
        const many = Array.from({ length: 128 }, (_, index) => a(name, `198.51.${block}.${index}`, 60));
        asks(question(name));
        const found = hears(answer(name, many));
        gate.confirm(found.openings);
        return found;
      };

      for (let block = 0; block < 8; block++) expect(fill(block).closed).to.deep.equal([]);
      const [{ reason } = {}] = fill(8).closed;
      advance(120_000);

      expect(reason).to.equal('too many');
      expect(addresses(fill(9))).to.have.lengthOf(128);
      expect(gate.openings(LINK)).to.have.lengthOf(128);
    });

    it('names whose bytes are not what they look like', () => {
      const { gate } = stage(['api.example.com', '*.example.org']);
      const raw = (...labels: string[]): Buffer => {
        const name = Buffer.concat([
          ...labels.map((label) => Buffer.from([label.length, ...Buffer.from(label, 'latin1')])),
          Buffer.of(0),
        ]);
        return Buffer.concat([Buffer.from('000701000001000000000000', 'hex'), name, Buffer.from('00010001', 'hex')]);
      };
      for (const labels of [
        ['api.example', 'com'],
        ['api.example.com'],
        ['x.y', 'example', 'org'],
        ['a\0', 'example', 'org'],
        ['api', 'example', 'com\u212a'],
      ]) {
        gate.read(LINK, 'asking', udp(CLIENT, RESOLVER, raw(...labels)));
      }

      expect(gate.counters.questions).to.equal(0);
      gate.read(LINK, 'asking', udp(CLIENT, RESOLVER, raw('API', 'eXample', 'com')));
      expect(gate.counters.questions).to.equal(1);
    });
  });

  it('opens private addresses for names outside of the public DNS, but not loopback', () => {
    const { resolves } = stage(['db.corp.internal']);
    const name = 'db.corp.internal';

    const { openings, closed } = resolves(name, answer(name, [a(name, '10.0.0.1'), a(name, '127.0.0.1')]));

    expect(openings.map(({ address }) => address)).to.deep.equal(['10.0.0.1']);
    expect(closed.map(({ address }) => address)).to.deep.equal(['127.0.0.1']);
  });

  it('asks for nothing that is open for long enough, and again when it is not', () => {
    const { resolves, gate, advance } = stage();
    const reply = answer(NAME, [a(NAME, '198.51.100.7', 300)]);
    gate.confirm(resolves(NAME, reply).openings);

    expect(resolves(NAME, reply).openings).to.deep.equal([]);
    advance(59_000);
    expect(resolves(NAME, reply).openings).to.deep.equal([]);
    advance(2_000);
    expect(addresses(resolves(NAME, reply))).to.deep.equal(['198.51.100.7']);
    expect(gate.openings().map(({ timeoutSec }) => timeoutSec)).to.deep.equal([299]);
  });

  it('names each list entry that an address is opened for', () => {
    const { resolves } = stage(['a.example.org', '*.example.org']);

    const { openings } = resolves('a.example.org', answer('a.example.org', [a('a.example.org', '198.51.100.7')]));

    expect(openings.map(({ pattern }) => pattern)).to.deep.equal(['a.example.org', '*.example.org']);
  });

  it('opens nothing that a record of services hints at', () => {
    const { resolves, gate } = stage();
    // Priority 1, the owner itself, ipv4hint=198.51.100.7. Source: RFC 9460, section 2.2 and 7.3.
    const data = Buffer.from([0, 1, 0, 0, 4, 0, 4, 198, 51, 100, 7]);
    const https = { name: NAME, type: 'UNKNOWN_65', data, ttl: 300, class: 'IN' } as never;
    const reply = answer(NAME, [https], { kind: 'UNKNOWN_65' as never });

    expect(
      gate.read(LINK, 'asking', udp(CLIENT, RESOLVER, question(NAME, { kind: 'UNKNOWN_65' as never }))),
    ).to.deep.equal({
      openings: [],
      closed: [],
    });
    expect(gate.read(LINK, 'answering', udp(RESOLVER, CLIENT, reply)).openings).to.deep.equal([]);
    expect(gate.counters).to.include({ questions: 1, answers: 1, unreadable: 0 });
    expect(addresses(resolves(NAME, answer(NAME, [a(NAME, '198.51.100.7')])))).to.deep.equal(['198.51.100.7']);
  });

  it('knows what clients were told that addresses are, listed or not, the latest thousand', () => {
    const { resolves, gate } = stage();
    const addressAt = (index: number): string => `198.51.${index >> 8}.${index & 255}`;
    resolves(NAME, answer(NAME, [cname(NAME, 'cdn.example.net'), a('cdn.example.net', '10.0.0.1')]));
    resolves('other.example.net', answer('other.example.net', [a('other.example.net', '198.51.100.9')]));

    expect(gate.nameOf(LINK, '10.0.0.1')).to.equal(NAME);
    expect(gate.nameOf(LINK, '198.51.100.9')).to.equal('other.example.net');
    expect(gate.nameOf('vethr2', '198.51.100.9')).to.equal(undefined);
    for (let index = 0; index < 1_024; index++) {
      resolves('many.example.net', answer('many.example.net', [a('many.example.net', addressAt(index))]));
    }
    expect(gate.nameOf(LINK, '10.0.0.1')).to.equal(undefined);
    expect(gate.nameOf(LINK, addressAt(1_023))).to.equal('many.example.net');
    gate.forgetOpenings(LINK);
    expect(gate.nameOf(LINK, addressAt(1))).to.equal('many.example.net');
    gate.forget(LINK);
    expect(gate.nameOf(LINK, addressAt(1))).to.equal(undefined);
  });

  it('forgets a client', () => {
    const { resolves, gate, asks, hears } = stage();
    const reply = answer(NAME, [a(NAME, '198.51.100.7')]);
    gate.confirm(resolves(NAME, reply).openings);
    asks(question(NAME));

    gate.forget(LINK);

    expect(gate.openings()).to.deep.equal([]);
    expect(hears(reply).openings).to.deep.equal([]);
  });

  describe('over TCP', () => {
    const reply = framed(answer(NAME, [a(NAME, '198.51.100.7')]));
    const open = (
      start = 0xffff_fff0,
    ): { readonly say: (at: number, bytes: Uint8Array, flags?: number) => Finding; readonly gate: DnsGate } => {
      const { gate } = stage();
      gate.read(LINK, 'asking', tcp(CLIENT, RESOLVER, 99, undefined, 0x02));
      const asked = framed(question(NAME));
      gate.read(LINK, 'asking', tcp(CLIENT, RESOLVER, 100, asked.subarray(0, 1)));
      gate.read(LINK, 'asking', tcp(CLIENT, RESOLVER, 101, asked.subarray(1)));
      const say = (at: number, bytes: Uint8Array, flags?: number): Finding =>
        gate.read(LINK, 'answering', tcp(RESOLVER, CLIENT, start + 1 + at, bytes, flags));
      gate.read(LINK, 'answering', tcp(RESOLVER, CLIENT, start, undefined, 0x12));
      return { say, gate };
    };

    it('reads a message in one segment, and one byte by byte', () => {
      expect(addresses(open().say(0, reply))).to.deep.equal(['198.51.100.7']);
      const { say } = open();

      const found = Array.from(reply, (_, index) => addresses(say(index, reply.subarray(index, index + 1))));

      expect(found.flat()).to.deep.equal(['198.51.100.7']);
      expect(found.at(-1)).to.have.lengthOf(1);
    });

    it('reads segments that come twice, overlap, or are not in order', () => {
      const { say } = open();

      const found = [
        say(10, reply.subarray(10, 30)),
        say(10, reply.subarray(10, 25)),
        say(0, reply.subarray(0, 5)),
        say(0, reply.subarray(0, 5)),
        say(25, reply.subarray(25)),
        say(3, reply.subarray(3, 12)),
      ];

      expect(found.map((each) => each.openings.length)).to.deep.equal([0, 0, 0, 0, 0, 1]);
    });

    it('reads several messages of a connection, and several in a segment', () => {
      const { say, gate } = open();
      const asked = framed(question(NAME, { id: 8 }));
      gate.read(
        LINK,
        'asking',
        tcp(CLIENT, RESOLVER, 100 + framed(question(NAME)).length, Buffer.concat([asked, asked.subarray(0, 3)])),
      );
      const second = framed(answer(NAME, [a(NAME, '198.51.100.8')], { id: 8 }));

      const found = say(0, Buffer.concat([reply, second]));

      expect(addresses(found)).to.deep.equal(['198.51.100.7', '198.51.100.8']);
    });

    it('follows no stream whose beginning it has not seen, that was reset, or that leaves too much out', () => {
      const { gate } = stage();
      gate.read(LINK, 'asking', tcp(CLIENT, RESOLVER, 100, framed(question(NAME))));
      expect(gate.counters.questions).to.equal(0);
      const reset = open();
      reset.say(0, Buffer.alloc(0), 0x14);
      expect(reset.say(0, reply).openings).to.deep.equal([]);
      const gaps = open();
      for (let index = 0; index < 130; index++) gaps.say(1_000 + index * 2, Buffer.of(1));
      expect(gaps.say(0, reply).openings).to.deep.equal([]);
    });
  });

  it('counts what it cannot read, and goes on', () => {
    const { gate, asks, hears } = stage();
    const bogus = [Buffer.alloc(0), Buffer.alloc(12), Buffer.alloc(40, 0xc0), question(NAME).subarray(0, 20)];
    for (const bytes of bogus) hears(bytes);
    gate.read(LINK, 'asking', Buffer.alloc(3));
    asks(answer(NAME, []));

    expect(gate.counters.unreadable).to.equal(6);
    expect(gate.counters.answers).to.equal(0);
  });
});
