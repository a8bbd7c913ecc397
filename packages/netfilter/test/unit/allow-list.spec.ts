import { expect } from 'chai';
import fc from 'fast-check';
import { blocksOf, portBlocksOf } from '../../src/allow-list/blocks.ts';
import {
  type AllowEntry,
  type AllowList,
  formatAllowList,
  isNetfilterError,
  type NetfilterError,
  parseAllowList,
} from '../../src/index.ts';

const read = (text: string): string => formatAllowList(parseAllowList(text));

function refusal(text: string): NetfilterError {
  try {
    parseAllowList(text);
  } catch (error) {
    if (isNetfilterError(error, 'ALLOW_LIST_INVALID')) return error;
    throw error;
  }
  throw new Error(`"${text}" was accepted`);
}

/** Ranges of up to 400 addresses, close to each other and to the ends, so that they meet. */
const entry: fc.Arbitrary<AllowEntry> = fc
  .record({
    family: fc.constantFrom(4 as const, 6 as const),
    base: fc.constantFrom(0n, 0xff00n, 0xfffffe00n),
    start: fc.bigInt(0n, 300n),
    size: fc.bigInt(0n, 100n),
    service: fc.option(
      fc
        .record({
          protocol: fc.constantFrom('tcp', 'udp', 'sctp'),
          firstPort: fc.integer({ min: 1, max: 3 }),
          more: fc.integer({ min: 0, max: 2 }),
        })
        .map(({ protocol, firstPort, more }) => ({ protocol, firstPort, lastPort: firstPort + more })),
    ),
  })
  .map(({ family, base, start, size, service }) => ({
    family,
    first: base + start,
    last: base + start + size,
    ...(service !== null && { service }),
  }));
const entries = fc.array(entry, { minLength: 1, maxLength: 12 });

const admits = (list: AllowList, { family, service }: AllowEntry, address: bigint): boolean =>
  list.entries.some(
    (each) =>
      each.family === family &&
      each.service?.firstPort === service?.firstPort &&
      each.service?.lastPort === service?.lastPort &&
      each.service?.protocol === service?.protocol &&
      each.first <= address &&
      address <= each.last,
  );

describe('parseAllowList', () => {
  it('reads addresses, prefixes and ranges of both families', () => {
    expect(read('10.0.0.0/8, 192.168.1.3, 172.16.0.3-172.16.0.9, fd00::/8, 2001:db8::1')).to.equal(
      '10.0.0.0/8,172.16.0.3-172.16.0.9,192.168.1.3,2001:db8::1,fd00::/8',
    );
  });

  it('reads ports, of tcp unless another protocol is named', () => {
    expect(read('10.0.0.0/8:443/tcp 10.1.2.3:80 10.1.2.3:53/udp [fd00::/8]:443 [fd00::1]:9/sctp')).to.equal(
      '10.1.2.3:80/tcp,10.0.0.0/8:443/tcp,10.1.2.3:53/udp,[fd00::/8]:443/tcp,[fd00::1]:9/sctp',
    );
  });

  it('reads ranges of ports', () => {
    expect(read('10.0.0.0/8:8000-8100 [fd00::/8]:1-65535/udp 10.1.2.3-10.1.2.9:443-443')).to.equal(
      '10.1.2.3-10.1.2.9:443/tcp,10.0.0.0/8:8000-8100/tcp,[fd00::/8]:1-65535/udp',
    );
  });

  it('reads names in a list of destinations, behind the addresses, each once', () => {
    const text =
      '*.Example.org:443, api.example.com:80-81/udp 10.1.2.3 api.example.com API.example.com. *.example.org:443/tcp';
    const list = parseAllowList(text, 'egress');

    expect(formatAllowList(list)).to.equal('10.1.2.3,*.example.org:443/tcp,api.example.com,api.example.com:80-81/udp');
    expect(parseAllowList(formatAllowList(list), 'egress')).to.deep.equal(list);
    expect(parseAllowList('10.1.2.3', 'egress')).not.to.have.property('names');
  });

  it('refuses names that are none, and names of sources', () => {
    const refused = {
      'a..example.com': 'character 1: "a..example.com" has an empty label',
      '10.1.2.3, a.*.com': 'character 11: "a.*.com" has a wildcard that is not the whole first label',
      'api.example.com:443-80': 'names ports that end before they start: write 80-443',
      'api.example.com:0': 'names port "0"',
      'db:5432': 'is not an address, a prefix or a range',
    };

    for (const [text, reason] of Object.entries(refused)) {
      expect(() => parseAllowList(text, 'egress'), text).to.throw(reason);
    }
    expect(() => parseAllowList('api.example.com')).to.throw('lists of sources name nobody');
  });

  it('says what a list of destinations lists', () => {
    expect(() => parseAllowList('10.0.0.256', 'egress')).to.throw(/list of allowed destinations, character 1/);
    expect(() => parseAllowList('', 'egress')).to.throw(/write "none" to allow no destination/);
  });

  it('takes commas, spaces, plus signs and semicolons, any number of them, and capitals', () => {
    const expected = '10.0.0.0/8,192.168.1.3,fd00::/8';

    for (const separator of [',', ' ', '+', ';', ', ', ' ; ', '\n', ',,']) {
      expect(read(`${separator}10.0.0.0/8${separator}192.168.1.3${separator}FD00::/8${separator}`)).to.equal(expected);
    }
  });

  it('knows "none" and "any"', () => {
    expect(parseAllowList('none').entries).to.deep.equal([]);
    expect(read('NONE')).to.equal('none');
    expect(read('any')).to.equal('0.0.0.0/0,::/0');
  });

  it('merges what overlaps or touches, by service', () => {
    expect(read('10.0.0.0/9 10.128.0.0/9 10.1.2.3')).to.equal('10.0.0.0/8');
    expect(read('10.0.0.1-10.0.0.5,10.0.0.4-10.0.0.9')).to.equal('10.0.0.1-10.0.0.9');
    expect(read('10.0.0.0/8:80 10.1.0.0/16:81 10.2.0.0/16:80')).to.equal('10.0.0.0/8:80/tcp,10.1.0.0/16:81/tcp');
  });

  it('reads 10,000 entries', () => {
    const text = Array.from({ length: 10_000 }, (_, i) => `10.${i >> 8}.${i & 255}.0/25`).join(' ');

    expect(parseAllowList(text).entries).to.have.lengthOf(10_000);
  });

  it('reads what it writes as the same list', () => {
    fc.assert(
      fc.property(entries, (list) => {
        const text = formatAllowList({ entries: list });
        const once = parseAllowList(text);

        expect(parseAllowList(formatAllowList(once))).to.deep.equal(once);
      }),
    );
  });

  it('admits exactly what one of the entries admits', () => {
    fc.assert(
      fc.property(entries, entry, fc.bigInt(-2n, 110n), (list, probe, offset) => {
        const merged = parseAllowList(formatAllowList({ entries: list }));
        const address = probe.first + offset;

        expect(admits(merged, probe, address)).to.equal(admits({ entries: list }, probe, address));
      }),
    );
  });

  const mistakes: [text: string, position: number, says: RegExp][] = [
    ['', 1, /empty: write "none"/],
    [' ,; ', 1, /empty/],
    ['10.0.0.0/8, 10.0.0.256', 13, /"10\.0\.0\.256" is not an address/],
    ['10.0.0.0/33', 1, /is not an address/],
    ['10.1.2.3/8', 1, /has host bits set: write 10\.0\.0\.0\/8/],
    ['fd00::1/8', 1, /write fd00::\/8/],
    ['fd00::%eth0', 1, /is not an address/],
    ['10.0.0.9-10.0.0.3', 1, /ends before it starts: write 10\.0\.0\.3-10\.0\.0\.9/],
    ['10.0.0.9-fd00::1', 1, /mixes address families/],
    ['10.0.0.1-10.0.0.2-10.0.0.3', 1, /more than one "-"/],
    ['10.0.0.1 none', 10, /must be the only entry/],
    ['any;10.0.0.1', 1, /must be the only entry/],
    ['10.0.0.1:0', 1, /port "0"/],
    ['10.0.0.1:65536', 1, /port "65536"/],
    ['10.0.0.1:90-80', 1, /ports that end before they start: write 80-90/],
    ['10.0.0.1:80-', 1, /port ""/],
    ['10.0.0.1:80-90-100', 1, /ports "80-90-100"/],
    ['10.0.0.1:80-65536/udp', 1, /port "65536"/],
    ['10.0.0.1, api.example.org:443', 11, /"api\.example\.org:443" is not an address.* but a name/],
    ['*.example.org', 1, /but a name/],
    ['10.0.0.1:http', 1, /port "http"/],
    ['10.0.0.1:', 1, /port ""/],
    ['10.0.0.1:80/icmp', 1, /protocol "icmp": expected one of tcp, udp, sctp/],
    ['10.0.0.1:80/tcp/x', 1, /protocol "tcp\/x"/],
    ['fd00::/8:443/tcp', 1, /IPv6 with a port needs brackets/],
    ['fd00::1:443/tcp', 1, /IPv6 with a port needs brackets/],
    ['[fd00::/8', 1, /brackets/],
    ['example.org', 1, /is not an address/],
    ['__proto__:80/constructor', 1, /is not an address/],
  ];
  for (const [text, position, says] of mistakes) {
    it(`refuses "${text}" and says where and why`, () => {
      const error = refusal(text);

      expect(error.message).to.match(says);
      expect(error.position).to.equal(position);
      expect(error.message).to.contain(`character ${position}`);
    });
  }
});

describe('portBlocksOf', () => {
  it('cuts ports into blocks of whole digits that are exactly these ports, and perhaps port 0', () => {
    const port = fc.integer({ min: 1, max: 65_535 });
    fc.assert(
      fc.property(port, port, port, (one, other, probe) => {
        const [firstPort, lastPort] = [Math.min(one, other), Math.max(one, other)];
        const blocks = portBlocksOf({ protocol: 'tcp', firstPort, lastPort });
        const holds = blocks.some(
          ({ first, length }) => BigInt(probe) >> BigInt(16 - length) === first >> BigInt(16 - length),
        );

        expect(holds).to.equal(firstPort <= probe && probe <= lastPort);
        expect(blocks.length).to.be.at.most(104);
      }),
    );
  });
});

describe('blocksOf', () => {
  it('cuts a range into prefixes of whole digits, in order and without gaps', () => {
    fc.assert(
      fc.property(entry, (range) => {
        const bits = range.family === 4 ? 32 : 128;
        let next = range.first;
        for (const { first, length } of blocksOf(range)) {
          const size = 1n << BigInt(bits - length);
          expect(first).to.equal(next);
          expect(length % 4).to.equal(0);
          expect(length).to.be.within(4, bits);
          expect(first % size).to.equal(0n);
          next = first + size;
        }
        expect(next).to.equal(range.last + 1n);
      }),
    );
  });

  it('needs no more blocks than promised', () => {
    const count = (text: string): number => parseAllowList(text).entries.flatMap(blocksOf).length;

    expect(count('10.0.0.0/8')).to.equal(1);
    expect(count('10.0.0.0/9')).to.equal(8);
    expect(count('any')).to.equal(32);
    expect(count('0.0.0.1-255.255.255.254')).to.equal(224);
    expect(count('::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe')).to.equal(944);
  });
});
