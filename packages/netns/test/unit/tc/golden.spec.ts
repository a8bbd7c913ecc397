import { readFileSync } from 'node:fs';

import { expect } from 'chai';

import { attributeList, u16, u32 } from '../../../src/codec/reader.ts';
import { KernelTrafficControl } from '../../../src/tc/kernel-traffic-control.ts';
import { matchPrefix } from '../../../src/tc/filters/u32.ts';
import { decodeRow } from '../../../src/tc/message.ts';
import type { ClassSpec, FilterSpec, QdiscSpec } from '../../../src/tc/types.ts';
import { CLASS_KINDS, QDISC_KINDS } from '../../../src/tc/kinds/qdisc-kinds.ts';
import { FILTER_KINDS } from '../../../src/tc/filters/classifiers.ts';
import { HeardNetlink } from '../../support/heard-netlink.ts';
import { fromHex } from '../../support/messages.ts';

interface Recorded {
  readonly command: string;
  readonly hex: string;
}

/** What tc of iproute2 sent on x86_64; made by record-tc.mjs beside it. */
const recorded = JSON.parse(readFileSync(new URL('../../golden/tc.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, Recorded>
>;
const linkIndex = 1;

const qdiscs: Readonly<Record<string, QdiscSpec>> = {
  tbf: { kind: 'tbf', linkIndex, handle: '1:', rateBitsPerSec: 10_000_000, burstBytes: 32_000, latencyUs: 50_000 },
  tbfPeak: {
    kind: 'tbf',
    linkIndex,
    handle: '1:',
    rateBitsPerSec: 8_000_000_000,
    burstBytes: 64_000,
    limitBytes: 50_000,
    peakRateBitsPerSec: 9_000_000_000,
    peakBurstBytes: 1600,
    mpuBytes: 64,
    overheadBytes: 14,
    linkLayer: 'atm',
  },
  htb: { kind: 'htb', linkIndex, handle: '1:', defaultClass: 0x30, rateToQuantum: 20, directPackets: 500 },
  fqCodel: {
    kind: 'fq_codel',
    linkIndex,
    handle: '1:',
    limitPackets: 1000,
    flows: 64,
    quantumBytes: 300,
    targetUs: 3000,
    intervalUs: 40_000,
    ceThresholdUs: 2000,
    memoryLimitBytes: 1_000_000,
    dropBatchPackets: 32,
    ecn: false,
  },
  fq: {
    kind: 'fq',
    linkIndex,
    parent: '1:10',
    limitPackets: 1000,
    flowLimitPackets: 50,
    quantumBytes: 3000,
    initialQuantumBytes: 9000,
    pacing: false,
    maxRateBitsPerSec: 8_000_000,
    buckets: 256,
    refillDelayUs: 20_000,
    orphanMask: 7,
    lowRateThresholdBitsPerSec: 800_000,
    ceThresholdUs: 2000,
    horizonUs: 3_000_000,
    horizonDrop: false,
    timerSlackNs: 5000,
  },
  netem: {
    kind: 'netem',
    linkIndex,
    handle: '1:',
    delayUs: 50_000,
    jitterUs: 10_000,
    delayCorrelationPercent: 25,
    lossPercent: 1,
    lossCorrelationPercent: 30,
    duplicatePercent: 2,
    duplicateCorrelationPercent: 5,
    corruptPercent: 0.5,
    corruptCorrelationPercent: 4,
    limitPackets: 500,
  },
  netemReorder: {
    kind: 'netem',
    linkIndex,
    delayUs: 10_000,
    reorderPercent: 25,
    reorderCorrelationPercent: 50,
    gapPackets: 5,
    ecn: true,
    lossPercent: 3,
  },
  netemRate: {
    kind: 'netem',
    linkIndex,
    rateBitsPerSec: 80_000_000_000,
    rateOverheadBytes: 20,
    cellBytes: 100,
    cellOverheadBytes: 5,
    slot: { minDelayUs: 1000, maxDelayUs: 3000, maxPackets: 7, maxBytes: 9000 },
  },
  netemRateSlow: { kind: 'netem', linkIndex, rateBitsPerSec: 8_000_000, limitPackets: 70 },
  netemState: { kind: 'netem', linkIndex, lossState: { p13: 1, p31: 30, p32: 2, p23: 10, p14: 0.1 } },
  netemGilbert: {
    kind: 'netem',
    linkIndex,
    lossGemodel: { toBadPercent: 1, toGoodPercent: 10, badLossPercent: 70, goodLossPercent: 0.1 },
  },
  pfifo: { kind: 'pfifo', linkIndex, parent: '1:10', handle: '10:', limitPackets: 7 },
  bfifo: { kind: 'bfifo', linkIndex, parent: '1:10', handle: '10:', limitBytes: 7000 },
  ingress: { kind: 'ingress', linkIndex },
  clsact: { kind: 'clsact', linkIndex },
};
const classes: Readonly<Record<string, ClassSpec>> = {
  htbClass: {
    kind: 'htb',
    linkIndex,
    parent: '1:1',
    handle: '1:10',
    rateBitsPerSec: 1_000_000,
    ceilBitsPerSec: 2_000_000,
    burstBytes: 5000,
    ceilBurstBytes: 7000,
    quantumBytes: 3000,
    priority: 3,
  },
  htbFast: { kind: 'htb', linkIndex, parent: '1:', handle: '1:1', rateBitsPerSec: 80_000_000_000 },
};
const everything = [{ offset: 0, value: 0, mask: 0 }];
const filters: Readonly<Record<string, FilterSpec>> = {
  u32: {
    kind: 'u32',
    linkIndex,
    parent: '1:',
    protocol: 'ip',
    priority: 7,
    keys: [
      ...matchPrefix('destination', '10.0.0.0/8'),
      { offset: 0, value: 0x1234, mask: 0xffff, fromNextHeader: true },
    ],
    classId: '1:10',
  },
  u32Redirect: {
    kind: 'u32',
    linkIndex,
    parent: 'ingress',
    priority: 1,
    keys: everything,
    actions: [{ kind: 'mirred', mode: 'redirect', linkIndex }],
  },
  u32Police: {
    kind: 'u32',
    linkIndex,
    parent: 'ingress',
    priority: 1,
    keys: everything,
    actions: [{ kind: 'police', rateBitsPerSec: 10_000_000, burstBytes: 32_000, exceed: 'drop', conform: 'pipe' }],
  },
  matchallPolice: {
    kind: 'matchall',
    linkIndex,
    parent: 'ingress',
    priority: 5,
    chain: 3,
    actions: [{ kind: 'police', rateBitsPerSec: 80_000_000_000, burstBytes: 64_000, mtuBytes: 9000, exceed: 'drop' }],
  },
  matchallMirror: {
    kind: 'matchall',
    linkIndex,
    parent: 'egress',
    protocol: 'ip',
    priority: 5,
    handle: 7,
    actions: [
      { kind: 'mirred', mode: 'mirror', direction: 'ingress', linkIndex },
      { kind: 'gact', verdict: 'drop' },
    ],
  },
  flower: {
    kind: 'flower',
    linkIndex,
    parent: 'ingress',
    protocol: 'ip',
    priority: 5,
    sourceMac: '02:00:00:00:00:01',
    destinationMac: '02:00:00:00:00:02',
    ipProtocol: 6,
    source: '10.0.0.0/8',
    destination: '10.1.2.3/32',
    sourcePort: 1000,
    destinationPort: 80,
    actions: [{ kind: 'gact', verdict: 'pass' }],
  },
  flowerIpv6: {
    kind: 'flower',
    linkIndex,
    parent: 'ingress',
    protocol: 'ipv6',
    priority: 5,
    ipProtocol: 17,
    destination: 'fd00::/10',
    destinationPort: 53,
    classId: '1:10',
  },
  bpf: {
    kind: 'bpf',
    linkIndex,
    parent: 'ingress',
    priority: 1,
    bytecode: Uint8Array.of(6, 0, 0, 0, 255, 255, 255, 255),
    directAction: true,
  },
};

/** Places of times in `struct tc_tbf_qopt`, `tc_htb_opt` and `tc_police`, by their length in numbers of 32 bits. */
const TIMES: Readonly<Record<number, readonly number[]>> = { 9: [7, 8], 11: [6, 7], 14: [3] };
/** Tables of 256 times. */
const TABLE_WORDS = 256;
/** tc counts whole microseconds, which are 15.6 ticks. */
const TOLERANCE_TICKS = 16;
const HEADER_BYTES = 20;
const TCA_FLOWER_FLAGS = 22;

type Tree = readonly (readonly [type: number, value: string | Tree])[];

/** Attributes in any order, with those that are made of attributes taken apart: netlink gives their order no meaning. */
function treeOf(bytes: Uint8Array, nested: (path: string) => boolean, path = ''): Tree {
  return attributeList(bytes)
    .filter(([type, value]) => !(type === TCA_FLOWER_FLAGS && value.every((byte) => byte === 0)))
    .map(([type, value]): readonly [number, string | Tree] => {
      const here = `${path}/${type}`;
      return [type, nested(here) ? treeOf(value, nested, here) : Buffer.from(value).toString('hex')];
    })
    .sort(([one], [other]) => one - other);
}

/** Options, lists of actions, actions, and their options. */
function nestedOf(kind: string): (path: string) => boolean {
  const actions = { u32: 7, matchall: 2, flower: 3, bpf: 1 }[kind];
  return (path) => {
    if (path === '/2') return !['pfifo', 'bfifo', 'netem'].includes(kind);
    if (actions === undefined) return false;
    return [`^/2/${actions}$`, `^/2/${actions}/\\d+$`, `^/2/${actions}/\\d+/2$`].some((place) =>
      new RegExp(place).test(path),
    );
  };
}

function expectSame(ours: Tree, theirs: Tree, path = ''): void {
  expect(
    ours.map(([type]) => type),
    path,
  ).to.deep.equal(theirs.map(([type]) => type));
  for (const [place, [type, value]] of ours.entries()) {
    const other = theirs[place]![1];
    if (typeof value !== 'string' && typeof other !== 'string') expectSame(value, other, `${path}/${type}`);
    else expectSameBytes(fromHex(value as string), fromHex(other as string), `${path}/${type}`);
  }
}

function expectSameBytes(ours: Uint8Array, theirs: Uint8Array, path: string): void {
  expect(ours.length, path).to.equal(theirs.length);
  const words = ours.length / 4;
  const times = words === TABLE_WORDS ? [...Array(words).keys()] : (TIMES[words] ?? []);
  const [one, other] = [Buffer.from(ours), Buffer.from(theirs)];
  for (const place of times) {
    expect(u32(one, place * 4), `${path}[${place}]`).to.be.closeTo(u32(other, place * 4), TOLERANCE_TICKS);
    one.writeUInt32LE(0, place * 4);
    other.writeUInt32LE(0, place * 4);
  }
  expect(one.toString('hex'), path).to.equal(other.toString('hex'));
}

const NEAR: ReadonlySet<string> = new Set(['burstBytes', 'ceilBurstBytes', 'peakBurstBytes']);

/** What was read has what was asked for; times of tc are coarse at high rates. */
function expectRead(read: unknown, spec: unknown, path = ''): void {
  if (typeof spec !== 'object' || spec === null || spec instanceof Uint8Array) {
    expect(read, path).to.deep.equal(spec);
    return;
  }
  for (const [field, value] of Object.entries(spec)) {
    const found = (read as Record<string, unknown>)[field];
    if (!NEAR.has(field)) expectRead(found, value, `${path}.${field}`);
    else expect(found, `${path}.${field}`).to.be.closeTo(value as number, Number(value) * 0.4);
  }
}

const IN_HEADER: ReadonlySet<string> = new Set([
  'linkIndex',
  'parent',
  'handle',
  'protocol',
  'priority',
  'chain',
  'latencyUs',
]);
const specs: Readonly<Record<string, QdiscSpec | ClassSpec | FilterSpec>> = { ...qdiscs, ...classes, ...filters };
const SORTS = { qdisc: [36, QDISC_KINDS], class: [40, CLASS_KINDS], filter: [44, FILTER_KINDS] } as const;

describe('traffic control as tc(8) sends it', () => {
  it('is all recorded', () => {
    expect(Object.keys(specs).sort()).to.deep.equal(Object.keys(recorded).sort());
  });

  for (const [title, { command, hex }] of Object.entries(recorded)) {
    const spec = specs[title]!;
    const theirs = fromHex(hex);

    it(`"${command}" is the same message`, async () => {
      const netlink = new HeardNetlink();
      const tc = new KernelTrafficControl(netlink);

      if (title in qdiscs) await tc.qdiscs.add(spec as QdiscSpec);
      else if (title in classes) await tc.classes.add(spec as ClassSpec);
      else await tc.filters.add(spec as FilterSpec);

      const [request] = netlink.requests;
      expect(request!.type).to.equal(u16(theirs, 4));
      expect(Buffer.from(request!.header!).toString('hex')).to.equal(
        Buffer.from(theirs.subarray(16, 36)).toString('hex'),
      );
      const nested = nestedOf(spec.kind);
      expectSame(treeOf(request!.attributes!, nested), treeOf(theirs.subarray(16 + HEADER_BYTES), nested));
    });

    it(`"${command}" is read as it is meant`, () => {
      const [, kinds] = Object.values(SORTS).find(([type]) => type === u16(theirs, 4))!;

      const { settings = {}, unknown } = decodeRow(
        { type: 0, flags: 0, sequence: 0, payload: theirs.subarray(16) },
        kinds,
      );

      // What the header says is compared above; how long packets may wait the kernel does not keep.
      const asked = Object.entries(spec).filter(([field]) => !IN_HEADER.has(field));
      expect([unknown, (settings as { readonly unknown?: unknown }).unknown]).to.deep.equal([undefined, undefined]);
      if (asked.length > 1) expectRead(settings, Object.fromEntries(asked));
    });
  }
});
