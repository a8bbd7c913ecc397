import { expect } from 'chai';
import * as fc from 'fast-check';

import { isNetlinkError } from '../../../src/errors.ts';
import { FILTER_KINDS } from '../../../src/tc/filters/classifiers.ts';
import { matchPrefix } from '../../../src/tc/filters/u32.ts';
import { formatHandle, parseHandle } from '../../../src/tc/handle.ts';
import { KernelTrafficControl } from '../../../src/tc/kernel-traffic-control.ts';
import { CLASS_KINDS, QDISC_KINDS } from '../../../src/tc/kinds/qdisc-kinds.ts';
import type { FilterSpec, QdiscSpec } from '../../../src/tc/types.ts';
import { failure } from '../../support/failure.ts';
import { HeardNetlink } from '../../support/heard-netlink.ts';

const u32 = fc.nat({ max: 0xffff_ffff });
const u16 = fc.nat({ max: 0xffff });
const rate = fc.oneof(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 1e6, max: 1e12 })).map((bytes) => bytes * 8);
const options = {
  overheadBytes: fc.integer({ min: 1, max: 0xffff }),
  mpuBytes: fc.integer({ min: 1, max: 0xffff }),
  linkLayer: fc.constant('atm' as const),
};
/** Bursts that a tick of 64 ns is small against, and that take less than 274 s: a second. */
const withBursts = (fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Record<string, unknown>> =>
  rate.chain((bits) => {
    const burst = fc.constant(Math.min(0xffff_ffff, Math.max(1, bits / 8)));
    const all: Record<string, fc.Arbitrary<unknown>> = {
      ...fields,
      rateBitsPerSec: fc.constant(bits),
      burstBytes: burst,
    };
    return fc.record({ ...all, ...options }, { requiredKeys: Object.keys(all) as never });
  });
const optionally = (fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Record<string, unknown>> =>
  fc.record(fields, { requiredKeys: [] });

/** As many digits as the kernel keeps. */
const percent = fc.integer({ min: 1, max: 1e8 }).map((millionths) => millionths / 1e6);
const verdict = fc.constantFrom('continue', 'pass', 'reclassify', 'drop', 'pipe', 'stolen', 'trap');
const linkIndex = fc.integer({ min: 1, max: 0x7fff_ffff });
const action = fc.oneof(
  fc.record({ kind: fc.constant('gact'), verdict }),
  fc.record({
    kind: fc.constant('mirred'),
    linkIndex,
    verdict,
    mode: fc.constantFrom('redirect', 'mirror'),
    direction: fc.constantFrom('egress', 'ingress'),
  }),
  withBursts({ kind: fc.constant('police'), exceed: verdict, conform: verdict, mtuBytes: u16.map((mtu) => mtu + 1) }),
);
const handle = fc
  .tuple(fc.integer({ min: 1, max: 0xfffe }), u16)
  .map(([major, minor]) => formatHandle(major * 0x10000 + minor));
const effect = { classId: handle, actions: fc.array(action, { minLength: 1, maxLength: 2 }) };
const mac = fc
  .array(fc.nat({ max: 255 }), { minLength: 6, maxLength: 6 })
  .map((bytes) => bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':'));
const prefix = fc
  .tuple(fc.nat({ max: 223 }), fc.integer({ min: 8, max: 32 }))
  .map(([first, length]) => `${first}.0.0.0/${length}`);
const key = fc
  .record({
    offset: fc.integer({ min: -16, max: 256 }).map((place) => place * 4),
    bits: u32,
    mask: u32,
    fromNextHeader: fc.boolean(),
  })
  .map(({ bits, mask, fromNextHeader, ...rest }) => ({
    ...rest,
    mask,
    value: (bits & mask) >>> 0,
    ...(fromNextHeader && { fromNextHeader }),
  }));

const qdiscs: Readonly<Record<string, fc.Arbitrary<Record<string, unknown>>>> = {
  tbf: withBursts({ limitBytes: fc.integer({ min: 1, max: 0xffff_ffff }) }),
  htb: fc.record({
    defaultClass: u16,
    rateToQuantum: u32.map((value) => value + 1).filter((value) => value < 2 ** 32),
    directPackets: u32,
  }),
  fq_codel: optionally({ limitPackets: u32, targetUs: u32, ecn: fc.boolean(), flows: u32, memoryLimitBytes: u32 }),
  fq: optionally({
    buckets: fc.integer({ min: 1, max: 18 }).map((log) => 2 ** log),
    maxRateBitsPerSec: u32.map((bytes) => bytes * 8),
    horizonDrop: fc.boolean(),
    pacing: fc.boolean(),
  }),
  netem: fc.record(
    {
      limitPackets: u32,
      delayUs: fc.integer({ min: 1, max: 274_000_000 }),
      jitterUs: fc.integer({ min: 1, max: 274_000_000 }),
      delayCorrelationPercent: percent,
      lossPercent: percent,
      duplicatePercent: percent,
      corruptPercent: percent,
      corruptCorrelationPercent: percent,
      reorderPercent: percent,
      ecn: fc.constant(true),
      rateBitsPerSec: rate,
      slot: fc.record({ minDelayUs: u16, maxDelayUs: u16, maxPackets: u16, maxBytes: u16 }),
      seed: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
    },
    { requiredKeys: ['delayUs', 'jitterUs', 'corruptPercent'] },
  ),
  pfifo: fc.record({ limitPackets: u32 }),
  bfifo: fc.record({ limitBytes: u32 }),
};
const classes = {
  htb: rate.chain((ceil) =>
    withBursts({
      ceilBitsPerSec: fc.constant(ceil),
      ceilBurstBytes: fc.constant(Math.min(0xffff_ffff, Math.max(1, ceil / 8))),
      quantumBytes: u32,
      priority: fc.nat({ max: 7 }),
    }),
  ),
};
const filters: Readonly<Record<string, fc.Arbitrary<Record<string, unknown>>>> = {
  matchall: optionally(effect),
  u32: fc.record(
    { ...effect, keys: fc.array(key, { maxLength: 255 }), hashTable: u32, link: u32 },
    { requiredKeys: ['keys'] },
  ),
  flower: fc.record(
    {
      ...effect,
      protocol: fc.constant('ip'),
      sourceMac: mac,
      destinationMac: mac,
      source: prefix,
      destination: prefix,
      ipProtocol: fc.constantFrom(6, 17, 132),
      sourcePort: u16,
      destinationPort: u16,
    },
    { requiredKeys: ['protocol', 'ipProtocol'] },
  ),
  bpf: fc.record(
    { ...effect, fd: u16, name: fc.stringMatching(/^[a-z:]{1,9}$/), directAction: fc.constant(true) },
    { requiredKeys: ['fd'] },
  ),
};

interface AnyCodec {
  readonly verify?: (value: object) => unknown;
  readonly encode: (value: object) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => object;
}
const codecs = [
  ...Object.entries(qdiscs).map(([kind, values]) => ['qdisc', kind, QDISC_KINDS, values] as const),
  ...Object.entries(classes).map(([kind, values]) => ['class', kind, CLASS_KINDS, values] as const),
  ...Object.entries(filters).map(([kind, values]) => ['filter', kind, FILTER_KINDS, values] as const),
].map(([sort, kind, kinds, values]) => ({
  title: `${sort} ${kind}`,
  codec: (kinds as unknown as Record<string, AnyCodec>)[kind]!,
  values,
}));

/** A tick of 64 ns at 8 Tbit/s is 64,000 bytes, of bursts of 4 GiB. */
function expectSame(read: unknown, spec: unknown, field = ''): void {
  if (Array.isArray(spec))
    spec.forEach((item, place) => expectSame((read as unknown[])[place], item, `${field}[${place}]`));
  else if (typeof spec === 'object' && spec !== null)
    for (const [name, value] of Object.entries(spec))
      expectSame((read as Record<string, unknown>)[name], value, `${field}.${name}`);
  else if (/[bB]urstBytes$/.test(field))
    expect(read, field).to.be.closeTo(spec as number, 1 + (spec as number) / 50_000);
  else expect(read, field).to.equal(spec);
}

describe('codecs of traffic control', () => {
  for (const { title, codec, values } of codecs) {
    it(`${title} reads what it writes`, () => {
      fc.assert(
        fc.property(values, ({ ...spec }) => {
          expect(codec.verify?.(spec)).to.equal(undefined);
          const read = codec.decode(codec.encode(spec));
          delete spec['protocol'];
          expectSame(read, spec);
          expect(read).not.to.have.property('unknown');
        }),
        { numRuns: 40 },
      );
    });

    it(`${title} reads any bytes, or says that they are malformed`, () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
          try {
            codec.decode(bytes);
          } catch (error) {
            if (!isNetlinkError(error, 'EBADMSG')) throw error;
          }
        }),
      );
    });
  }

  it('handles are read as they are written', () => {
    fc.assert(fc.property(u32, (value) => parseHandle(formatHandle(value)) === value));
    expect([0x10000, 0x1000a, 0xffff_ffff, 0xffff_fff2, 0xffff_fff1, 0].map(formatHandle)).to.deep.equal([
      '1:',
      '1:a',
      'root',
      'ingress',
      'ffff:fff1',
      '0:',
    ]);
    expect(['', ':', '1', '10000:', '1:10000', 'x:', 'toString'].map(parseHandle)).to.deep.equal(
      Array(7).fill(undefined),
    );
  });

  it('matchPrefix compares the bits of a prefix and no others', () => {
    expect(matchPrefix('source', '10.1.0.0/16')).to.deep.equal([{ offset: 12, value: 0x0a01_0000, mask: 0xffff_0000 }]);
    expect(matchPrefix('destination', '0.0.0.0/0')).to.deep.equal([{ offset: 16, value: 0, mask: 0 }]);
    expect(matchPrefix('destination', 'fd00:1::/40')).to.deep.equal([
      { offset: 24, value: 0xfd00_0001, mask: 0xffff_ffff },
      { offset: 28, value: 0, mask: 0xff00_0000 },
    ]);
    expect(() => matchPrefix('source', 'ten')).to.throw(/not an address/);
  });
});

describe('what traffic control refuses before anything is sent', () => {
  const netlink = new HeardNetlink();
  const tc = new KernelTrafficControl(netlink);
  const base = { linkIndex: 1 };
  const tbf = { ...base, kind: 'tbf', rateBitsPerSec: 8000, burstBytes: 1000, limitBytes: 3000 };
  const qdisc = [
    [{ ...tbf, kind: 'tfb' }, 'kind'],
    [{ ...tbf, rateBitsPerSec: 8001 }, 'rateBitsPerSec'],
    [{ ...tbf, latencyUs: 5 }, 'limitBytes'],
    [{ ...tbf, limitBytes: undefined }, 'limitBytes'],
    [{ ...tbf, peakRateBitsPerSec: 16_000 }, 'peakBurstBytes'],
    [{ ...tbf, burstBytes: 300_000 }, 'burstBytes'],
    [{ ...tbf, limitBytes: undefined, rateBitsPerSec: 8e12, latencyUs: 1e6 }, 'latencyUs'],
    [{ ...tbf, handle: '1' }, 'handle'],
    [{ ...base, kind: 'fq', buckets: 100 }, 'buckets'],
    [{ ...base, kind: 'clsact', limitPackets: 1 }, 'limitPackets'],
    [{ ...base, kind: 'netem', lossPercent: 101 }, 'lossPercent'],
    [{ ...base, kind: 'netem', lossPercent: 1, lossGemodel: { toBadPercent: 1, toGoodPercent: 1 } }, 'lossPercent'],
    [{ ...base, kind: 'netem', lossState: { p13: 1 } }, 'lossState.p31'],
    [{ ...base, kind: 'netem', reorderPercent: 1 }, 'reorderPercent'],
    [{ ...base, kind: 'netem', delayUs: 1000, gapPackets: 5 }, 'gapPackets'],
    [{ ...base, kind: 'netem', lossCorrelationPercent: 5 }, 'lossCorrelationPercent'],
    [{ ...base, kind: 'netem', cellBytes: 53 }, 'cellBytes'],
    [{ ...base, kind: 'netem', delayUs: 274_877_907 }, 'delayUs'],
  ] as const;
  const place = { ...base, parent: 'ingress' };
  const filter = [
    [{ ...base, kind: 'matchall' }, 'parent'],
    [{ ...place, kind: 'matchall', actions: [{ kind: 'polic' }] }, 'actions.kind'],
    [
      {
        ...place,
        kind: 'matchall',
        actions: [{ kind: 'police', rateBitsPerSec: 8, burstBytes: 1000, exceed: 'drop' }],
      },
      'actions.burstBytes',
    ],
    [{ ...place, kind: 'u32' }, 'keys'],
    [{ ...place, kind: 'flower', source: '10.0.0.0/8' }, 'protocol'],
    [{ ...place, kind: 'flower', protocol: 'ipv6', source: '10.0.0.0/8' }, 'protocol'],
    [{ ...place, kind: 'flower', protocol: 'ip', sourcePort: 80 }, 'ipProtocol'],
    [{ ...place, kind: 'bpf' }, 'fd'],
    [{ ...place, kind: 'bpf', bytecode: new Uint8Array(7) }, 'bytecode'],
    [{ ...place, kind: 'matchall', protocol: 'ipx' }, 'protocol'],
  ] as const;

  for (const [spec, attribute] of qdisc) {
    it(`qdisc ${spec.kind}: ${attribute}`, async () => {
      const sent = netlink.requests.length;
      expect(await failure(tc.qdiscs.add(spec as unknown as QdiscSpec))).to.include({ code: 'EINVAL', attribute });
      expect(netlink.requests.length).to.equal(sent);
    });
  }
  for (const [spec, attribute] of filter) {
    it(`filter ${spec.kind}: ${attribute}`, async () => {
      const sent = netlink.requests.length;
      expect(await failure(tc.filters.add(spec as unknown as FilterSpec))).to.include({ code: 'EINVAL', attribute });
      expect(netlink.requests.length).to.equal(sent);
    });
  }
});
