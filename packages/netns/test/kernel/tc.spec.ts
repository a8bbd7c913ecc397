import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'chai';
import koffi from 'koffi';

import {
  type BpfReport,
  matchPrefix,
  openPinnedProgram,
  openTrafficControl,
  type QdiscSpec,
  type TrafficControl,
} from '../../src/tc.ts';
import { anonymousNetns } from '../../src/testing/index.ts';
import type { Netns } from '../../src/types/netns.ts';
import type { Rtnl } from '../../src/types/rtnl.ts';
import { ask, run } from '../support/enter.ts';
import { failure } from '../support/failure.ts';

type Shown = Record<string, unknown>;

/** Source: linux uapi bpf.h: BPF_PROG_LOAD, BPF_PROG_TYPE_SCHED_CLS; asm/unistd.h of x86_64 and arm64. */
const [BPF_PROG_LOAD, BPF_OBJ_PIN, SCHED_CLS] = [5, 6, 3];
const BPF_CALL = process.arch === 'x64' ? 321 : 280;

function bpf(command: number, attributes: Buffer): number {
  const call = koffi.load(null).func('long syscall(long, int, const void *attributes, unsigned int)');
  const result = Number(call(BPF_CALL, command, attributes, attributes.length));
  if (result < 0) throw new Error(`bpf failed with errno ${koffi.errno()}`);
  return result;
}

/** Loads an eBPF program that drops everything: `r0 = TC_ACT_SHOT; exit`. */
function loadVerdict(): number {
  const program = Buffer.from('b700000002000000' + '9500000000000000', 'hex');
  const license = Buffer.from('GPL\0');
  const attributes = Buffer.alloc(48);
  attributes.writeUInt32LE(SCHED_CLS, 0);
  attributes.writeUInt32LE(program.length / 8, 4);
  attributes.writeBigUInt64LE(koffi.address(program), 8);
  attributes.writeBigUInt64LE(koffi.address(license), 16);
  return bpf(BPF_PROG_LOAD, attributes);
}

function pin(fd: number, path: string): void {
  const name = Buffer.from(`${path}\0`);
  const attributes = Buffer.alloc(16);
  attributes.writeBigUInt64LE(koffi.address(name), 0);
  attributes.writeUInt32LE(fd, 8);
  bpf(BPF_OBJ_PIN, attributes);
}

/** `tc` is the oracle: what we make it shows, and what it makes we show. */
describe('traffic control', () => {
  let netns: Netns;
  let rtnl: Rtnl;
  let tc: TrafficControl;
  let linkIndex: number;
  let otherIndex: number;

  beforeEach(async () => {
    netns = await anonymousNetns();
    rtnl = await netns.openRtnl();
    tc = await openTrafficControl({ netns });
    const pair = await rtnl.links.createVeth({ name: 'a0', isUp: true, peer: { name: 'b0' } });
    await rtnl.links.set({ index: pair.peerIndex }, { isUp: true });
    [linkIndex, otherIndex] = [pair.index, pair.peerIndex];
  });

  afterEach(async () => {
    await tc.close();
    await rtnl.close();
    await netns.close();
  });

  const tell = (line: string): Promise<string> => run(netns, 'tc', ...line.split(' '));
  const show = (line: string): Promise<Shown[]> => ask(netns, `tc -statistics ${line}`);
  /** What tc shows of the discipline that was put on the link. */
  async function shown(spec: Omit<QdiscSpec, 'linkIndex'>): Promise<Shown> {
    await tc.qdiscs.add({ ...spec, linkIndex } as QdiscSpec);
    const [qdisc] = await show('qdisc show dev a0');
    return qdisc!;
  }

  it('tbf is set as asked for', async () => {
    const qdisc = await shown({
      kind: 'tbf',
      handle: '1:',
      rateBitsPerSec: 10_000_000,
      burstBytes: 32_000,
      latencyUs: 50_000,
      mpuBytes: 64,
    } as never);

    expect(qdisc).to.include({ kind: 'tbf', handle: '1:', root: true });
    expect(qdisc['options']).to.include({ rate: 10_000_000 / 8, lat: 50_000, mpu: 64 });
    expect(qdisc['options']).to.include({ burst: '32000b/1' });
  });

  it('tbf is read as it is, beyond 32 bits too', async () => {
    await tell(
      'qdisc add dev a0 root handle 7: tbf rate 80gbit burst 1mb limit 2mb peakrate 90gbit mtu 9000 overhead 14',
    );

    const [qdisc] = await tc.qdiscs.list({ linkIndex });

    expect(qdisc).to.include({ kind: 'tbf', handle: '7:', parent: 'root', linkIndex });
    const { burstBytes = 0, ...settings } = qdisc!.settings as { burstBytes?: number };
    expect(settings).to.include({ rateBitsPerSec: 80e9, limitBytes: 2 * 1024 ** 2, peakRateBitsPerSec: 90e9 });
    expect(settings).to.include({ overheadBytes: 14 });
    expect(burstBytes).to.be.closeTo(1024 ** 2, 640);
    expect(qdisc).not.to.have.property('unknown');
  });

  it('htb and its classes are set as asked for', async () => {
    await tc.qdiscs.add({ kind: 'htb', linkIndex, handle: '1:', defaultClass: 0x10, directPackets: 500 });
    await tc.classes.add({ kind: 'htb', linkIndex, parent: '1:', handle: '1:1', rateBitsPerSec: 80_000_000_000 });
    const leaf = { kind: 'htb', linkIndex, parent: '1:1', handle: '1:10', rateBitsPerSec: 1_000_000 } as const;
    const added = await tc.classes.add({ ...leaf, ceilBitsPerSec: 2_000_000, burstBytes: 5000, priority: 3 });
    await tc.qdiscs.add({ kind: 'pfifo', linkIndex, parent: '1:10', handle: '10:', limitPackets: 7 });

    const [htb, pfifo] = await show('qdisc show dev a0');
    const classes = await tell('-details class show dev a0');

    expect(htb!['options']).to.include({ default: '0x10', direct_qlen: 500 });
    expect(pfifo).to.deep.include({ kind: 'pfifo', handle: '10:', parent: '1:10', options: { limit: 7 } });
    expect(classes).to.match(/class htb 1:1 root rate 80Gbit ceil 80Gbit linklayer ethernet burst 0b.* level 7/);
    expect(classes).to.match(/class htb 1:10 parent 1:1 leaf 10: prio 3 quantum 12500 rate 1Mbit ceil 2Mbit /);
    expect(classes).to.match(/ burst 5000b\/1 mpu 0b cburst 1600b\/1 /);
    expect(added.settings).to.include({ rateBitsPerSec: 1_000_000, ceilBitsPerSec: 2_000_000, quantumBytes: 12_500 });
  });

  it('classes of htb are read as they are, changed and deleted', async () => {
    await tell('qdisc add dev a0 root handle 1: htb default 30');
    await tell('class add dev a0 parent 1: classid 1:1 htb rate 8mbit');
    await tell(
      'class add dev a0 parent 1:1 classid 1:2 htb rate 1mbit ceil 3mbit burst 9000 cburst 4000 quantum 2000 prio 1',
    );
    const read = async (): Promise<object> =>
      (await tc.classes.list({ linkIndex })).find(({ handle }) => handle === '1:2')!;

    const before = await read();
    await tc.classes.replace({ kind: 'htb', linkIndex, parent: '1:1', handle: '1:2', rateBitsPerSec: 4_000_000 });
    const after = await read();

    const rates = { rateBitsPerSec: 1_000_000, ceilBitsPerSec: 3_000_000, burstBytes: 9000, ceilBurstBytes: 4000 };
    expect(before).to.deep.include({
      kind: 'htb',
      parent: '1:1',
      settings: { kind: 'htb', ...rates, quantumBytes: 2000, priority: 1 },
    });
    expect(after).to.have.property('settings').that.includes({ rateBitsPerSec: 4_000_000, ceilBitsPerSec: 4_000_000 });
    expect(await failure(tc.classes.delete({ linkIndex, handle: '1:1' }))).to.include({ code: 'EBUSY' });
    expect(await tc.classes.delete({ linkIndex, handle: '1:2' })).to.equal(true);
    expect(await tc.classes.delete({ linkIndex, handle: '1:2' })).to.equal(false);
    expect((await tell('class show dev a0')).trim().split('\n')).to.have.length(1);
  });

  it('disciplines are replaced and deleted, and what is not there is not', async () => {
    const base = { linkIndex, handle: '1:' } as const;
    await tc.qdiscs.add({ kind: 'bfifo', ...base, limitBytes: 7000 });

    const taken = await failure(tc.qdiscs.add({ kind: 'pfifo', linkIndex, handle: '2:' }));
    const changed = await tc.qdiscs.replace({ kind: 'bfifo', ...base, limitBytes: 9000 });
    const other = await tc.qdiscs.replace({ kind: 'pfifo', linkIndex, handle: '2:', limitPackets: 3 });

    expect(taken).to.include({ code: 'EEXIST' });
    expect(changed.settings).to.deep.equal({ kind: 'bfifo', limitBytes: 9000 });
    expect(other).to.deep.include({ handle: '2:', settings: { kind: 'pfifo', limitPackets: 3 } });
    expect(await show('qdisc show dev a0')).to.have.length(1);
    expect(await tc.qdiscs.delete(other)).to.equal(true);
    expect(await tc.qdiscs.delete({ linkIndex, parent: 'root' })).to.equal(false);
    expect(await tc.qdiscs.delete({ linkIndex: 9999, parent: 'root' })).to.equal(false);
  });

  it('of kinds without words nothing is lost, and kinds that the kernel lacks are said', async () => {
    await rtnl.links.create({ kind: 'ifb', name: 'i0', isUp: true });
    const qdiscs = await tc.qdiscs.list();
    const lacking = await failure(tc.qdiscs.add({ kind: 'fq_codel', linkIndex }));

    const fast = qdiscs.find(({ kind }) => kind === 'pfifo_fast');
    expect(fast!.unknown![0]).to.include({ name: 'TCA_OPTIONS of pfifo_fast' });
    expect(lacking.message).to.include('qdisc.add fq_codel on link').and.to.include('ENOENT');
  });

  it('u32 sorts packets into classes', async () => {
    await tc.qdiscs.add({ kind: 'htb', linkIndex, handle: '1:' });
    await tc.classes.add({ kind: 'htb', linkIndex, parent: '1:', handle: '1:10', rateBitsPerSec: 80_000_000 });
    const keys = matchPrefix('destination', '10.0.0.2/32');

    const filter = await tc.filters.add({
      kind: 'u32',
      linkIndex,
      parent: '1:',
      protocol: 'ip',
      keys,
      classId: '1:10',
    });
    await send(3);

    const [counted] = await tc.classes.list({ linkIndex });
    expect(counted!.statistics!.packets).to.equal(3);
    expect(filter).to.deep.include({ kind: 'u32', protocol: 'ip', parent: '1:', chain: 0 });
    expect(filter.settings).to.deep.include({ keys, classId: '1:10' });
    expect(await tell('filter show dev a0'))
      .to.include('match 0a000002/ffffffff at 16')
      .and.to.include('flowid 1:10');
  });

  it('u32 is read as it is', async () => {
    await tell('qdisc add dev a0 root handle 1: htb');
    await tell(
      'filter add dev a0 parent 1: protocol ipv6 prio 9 u32 match ip6 dst fd00::/40 match u16 80 0xffff at nexthdr+2 classid 1:7',
    );

    const filters = await tc.filters.list({ linkIndex, parent: '1:' });

    expect(filters.map(({ settings }) => settings)).to.deep.equal([
      { kind: 'u32', divisor: 1 },
      {
        kind: 'u32',
        hashTable: 0x8000_0000,
        classId: '1:7',
        keys: [
          ...matchPrefix('destination', 'fd00::/40'),
          { offset: 0, value: 80, mask: 0xffff, fromNextHeader: true },
        ],
      },
    ]);
    expect(filters[1]).to.include({ protocol: 'ipv6', priority: 9, handle: 0x8000_0800 });
  });

  it('what arrives is redirected to an ifb link, which shapes it', async () => {
    const ifb = await rtnl.links.create({ kind: 'ifb', name: 'i0', isUp: true });
    await tc.qdiscs.add({
      kind: 'tbf',
      linkIndex: ifb.index,
      rateBitsPerSec: 8e9,
      burstBytes: 64_000,
      limitBytes: 64_000,
    });
    await tc.qdiscs.add({ kind: 'clsact', linkIndex: otherIndex });
    const place = { linkIndex: otherIndex, parent: 'ingress' } as const;
    const keys = [{ offset: 0, value: 0, mask: 0 }];
    await tc.filters.add({
      kind: 'u32',
      ...place,
      keys,
      actions: [{ kind: 'mirred', mode: 'redirect', linkIndex: ifb.index }],
    });

    await send(3);

    const [tbf] = await tc.qdiscs.list({ linkIndex: ifb.index });
    const [, filter] = await tc.filters.list(place);
    const [action] = (filter!.settings as { readonly actions: readonly object[] }).actions;
    expect(tbf!.statistics!.packets).to.be.greaterThan(2);
    expect(action).to.deep.include({ kind: 'mirred', mode: 'redirect', direction: 'egress', linkIndex: ifb.index });
    expect(action).to.have.nested.property('statistics.packets').that.is.greaterThan(2);
    expect(action).not.to.have.property('unknown');
    expect(await tell('filter show dev b0 ingress')).to.include('mirred (Egress Redirect to device i0) stolen');
    expect(await tc.qdiscs.delete({ linkIndex: otherIndex, parent: 'ffff:fff1' })).to.equal(true);
  });

  it('a copy goes to another link, by the ingress discipline and classic BPF', async () => {
    const ifb = await rtnl.links.create({ kind: 'ifb', name: 'i0', isUp: true });
    await tc.qdiscs.add({ kind: 'ingress', linkIndex: otherIndex });
    const place = { linkIndex: otherIndex, parent: 'ffff:', priority: 5 } as const;
    // ret #-1: every packet.
    const bytecode = Uint8Array.of(6, 0, 0, 0, 255, 255, 255, 255);
    await tc.filters.add({
      kind: 'bpf',
      ...place,
      bytecode,
      actions: [{ kind: 'mirred', mode: 'mirror', linkIndex: ifb.index }],
    });

    await send(3);

    const details = await rtnl.links.inspect({ name: 'i0' });
    expect(details!.statistics!.rxPackets + details!.statistics!.rxDropped).to.be.greaterThan(2);
    const [shown] = (await show('filter show dev b0 ingress')).filter((one) => 'options' in one);
    expect(shown).to.include({ kind: 'bpf', pref: 5, protocol: 'all' });
    expect(shown!['options']).to.have.nested.property('actions[0].mirred_action', 'mirror');
  });

  it('an eBPF program is found by the path where it is pinned', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tc-bpf-'));
    const path = join(folder, 'verdict');
    execFileSync('mount', ['-t', 'bpf', 'bpf', folder]);
    try {
      const fd = loadVerdict();
      pin(fd, path);
      closeSync(fd);
      await tc.qdiscs.add({ kind: 'clsact', linkIndex: otherIndex });
      const place = { linkIndex: otherIndex, parent: 'ingress' } as const;

      const program = await openPinnedProgram(path);
      await tc.filters.add({ kind: 'bpf', ...place, fd: program.fd, directAction: true });
      await program.close();
      await program.close();

      const [filter] = await tc.filters.list(place);
      const [shown] = (await show('filter show dev b0 ingress')).filter((one) => 'options' in one);
      expect(shown!['options']).to.have.nested.property('prog.id', (filter!.settings as BpfReport).programId);
      expect(await failure(openPinnedProgram(join(folder, 'other')))).to.include({ code: 'ENOENT' });
      expect(await failure(openPinnedProgram(tmpdir())))
        .to.have.property('code')
        .that.is.oneOf(['EACCES', 'EINVAL']);
      expect(await failure(openPinnedProgram(7 as never))).to.include({ code: 'EINVAL', attribute: 'path' });
    } finally {
      execFileSync('umount', [folder]);
      rmdirSync(folder);
    }
  });

  it('an eBPF program gives verdicts', async () => {
    await tc.qdiscs.add({ kind: 'clsact', linkIndex: otherIndex });
    const fd = loadVerdict();
    try {
      const place = { linkIndex: otherIndex, parent: 'ingress' } as const;

      await tc.filters.add({ kind: 'bpf', ...place, fd, name: 'drop:all', directAction: true });

      const [filter] = await tc.filters.list(place);
      const { programId, tag, ...settings } = filter!.settings as BpfReport;
      expect(settings).to.deep.equal({ kind: 'bpf', name: 'drop:all', directAction: true });
      const [shown] = (await show('filter show dev b0 ingress')).filter((one) => 'options' in one);
      expect(shown!['options']).to.deep.include({ bpf_name: 'drop:all', 'direct-action': true });
      expect(shown!['options']).to.have.nested.property('prog.id', programId);
      expect(shown!['options']).to.have.nested.property('prog.tag', Buffer.from(tag!).toString('hex'));
    } finally {
      closeSync(fd);
    }
  });

  it('filters are deleted by what tells them apart', async () => {
    await tc.qdiscs.add({ kind: 'clsact', linkIndex });
    const add = async (priority: number, parent: string): Promise<unknown> =>
      tc.filters.add({ kind: 'bpf', linkIndex, parent, priority, bytecode: Uint8Array.of(6, 0, 0, 0, 0, 0, 0, 0) });
    for (const priority of [1, 2, 3]) for (const parent of ['ingress', 'egress']) await add(priority, parent);
    const left = async (parent: string): Promise<number[]> =>
      (await tc.filters.list({ linkIndex, parent })).map(({ priority }) => priority);
    const [first] = await tc.filters.list({ linkIndex, parent: 'ingress' });

    expect(await tc.filters.delete(first!)).to.equal(true);
    expect(await tc.filters.delete(first!)).to.equal(false);
    expect(await left('ingress')).to.deep.equal([2, 3]);
    expect(await tc.filters.delete({ linkIndex, parent: 'ingress', priority: 2, protocol: 'all' })).to.equal(true);
    expect(await left('ingress')).to.deep.equal([3]);
    expect(await tc.filters.delete({ linkIndex, parent: 'egress' })).to.equal(true);
    expect(await left('egress')).to.deep.equal([]);
    expect(await left('ingress')).to.deep.equal([3]);
  });

  it('a filter takes the place of another one', async () => {
    await tc.qdiscs.add({ kind: 'clsact', linkIndex });
    const place = { kind: 'bpf', linkIndex, parent: 'ingress', priority: 1, handle: 1 } as const;
    const returning = (value: number): Uint8Array => Uint8Array.of(6, 0, 0, 0, value, 0, 0, 0);
    await tc.filters.add({ ...place, bytecode: returning(0) });

    const taken = await failure(tc.filters.add({ ...place, bytecode: returning(1) }));
    await tc.filters.replace({ ...place, bytecode: returning(2) });

    const filters = await tc.filters.list({ linkIndex, parent: 'ingress' });
    expect(taken).to.include({ code: 'EEXIST' });
    expect(filters.map(({ settings }) => (settings as { bytecode?: Uint8Array }).bytecode)).to.deep.equal([
      returning(2),
    ]);
  });

  it('a closed connection says so', async () => {
    await tc.close();

    expect(await failure(tc.qdiscs.list())).to.include({ code: 'CLOSED', operation: 'qdisc.list' });
  });

  /** Sends packets to 10.0.0.2 over the link; nobody answers. */
  async function send(count: number): Promise<void> {
    await rtnl.addresses.add({ linkIndex, address: '10.0.0.1/24' });
    await rtnl.neighbours.add({ linkIndex, address: '10.0.0.2', mac: '02:00:00:00:00:01' });
    const ping = ['-c', String(count), '-i', '0.01', '-W', '0.01', '10.0.0.2'];
    await run(netns, 'ping', ...ping).catch(() => undefined);
  }
});
