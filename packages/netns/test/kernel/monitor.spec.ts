import { setFlagsFromString } from 'node:v8';
import { execFileSync } from 'node:child_process';
import { runInNewContext } from 'node:vm';

import { expect } from 'chai';

import {
  type LinkEvent,
  type Netns,
  type NeighbourEvent,
  type RouteEvent,
  type Rtnl,
  openMonitor,
} from '../../src/index.ts';
import type { AddressEvent, Monitor } from '../../src/index.ts';
import { anonymousNetns } from '../../src/testing/index.ts';
import { openTrafficControl } from '../../src/tc.ts';
import { failure } from '../support/failure.ts';
import { eventOf, until } from '../support/until.ts';

/** Opens a monitor that nobody holds and that does not hold the process; it goes with the process. */
async function listenAndForget(netns: Netns, onLink: (name: string) => void): Promise<void> {
  const monitor = await openMonitor({ netns, groups: ['link'] });
  monitor.unref().on('link', ({ link }) => onLink(link.name));
}

describe('openMonitor', () => {
  let netns: Netns;
  let rtnl: Rtnl;
  let monitor: Monitor | undefined;

  beforeEach(async () => {
    netns = await anonymousNetns();
    rtnl = await netns.openRtnl();
  });

  afterEach(async () => {
    await monitor?.close();
    await rtnl.close();
    await netns.close();
  });

  it('reports links that come, change and go', async () => {
    monitor = await openMonitor({ netns, groups: ['link'] });
    const seen: string[] = [];
    monitor.on('link', ({ change, link }) => seen.push(`${change} ${link.name} ${link.isUp ? 'up' : 'down'}`));

    await rtnl.links.createVeth({ name: 'a0', peer: { name: 'b0' } });
    await rtnl.links.set({ name: 'a0' }, { isUp: true });
    await rtnl.links.delete({ name: 'b0' });
    await until(() => seen.filter((line) => line.startsWith('delete')).length === 2, 'both ends go');

    expect(seen).to.include.members(['new a0 down', 'new b0 down', 'new a0 up']);
    expect(seen).to.satisfy((lines: string[]) => lines.some((line) => line.startsWith('delete b0')));
  });

  it('does not take a port that leaves its bridge for a link that goes', async () => {
    const bridge = await rtnl.links.createBridge({ name: 'br0' });
    await rtnl.links.createVeth({ name: 'a0', peer: { name: 'b0' } });
    await rtnl.links.set({ name: 'a0' }, { masterIndex: bridge.index });
    monitor = await openMonitor({ netns, groups: ['link'] });
    const deleted: string[] = [];
    monitor.on('link', ({ change, link }) => change === 'delete' && deleted.push(link.name));

    await rtnl.links.set({ name: 'a0' }, { masterIndex: 0 });
    await rtnl.links.delete({ name: 'br0' });
    await until(() => deleted.length > 0, 'the bridge goes');

    expect(deleted).to.deep.equal(['br0']);
  });

  it('reports addresses, routes and neighbours of both families', async () => {
    monitor = await openMonitor({ netns, groups: ['address', 'route', 'neighbour'] });
    const seen: string[] = [];
    monitor.on('address', (e: AddressEvent) => seen.push(`${e.change} ${e.address.address}`));
    monitor.on('route', (e: RouteEvent) => seen.push(`${e.change} ${e.route.destination} ${e.route.protocol}`));
    monitor.on('neighbour', (e: NeighbourEvent) => seen.push(`${e.change} ${e.neighbour.address}`));
    monitor.on('link', (e: LinkEvent) => seen.push(`unasked ${e.link.name}`));

    const { index: linkIndex } = await rtnl.links.createVeth({ name: 'a0', isUp: true, peer: { name: 'b0' } });
    await rtnl.addresses.add({ linkIndex, address: '10.0.0.7/32' });
    await rtnl.addresses.add({ linkIndex, address: 'fd00::7/128', skipDuplicateDetection: true });
    await rtnl.routes.add({ destination: '10.9.0.0/16', linkIndex, protocol: 200 });
    await rtnl.routes.add({ destination: 'fd09::/64', linkIndex, protocol: 200 });
    await rtnl.neighbours.add({ linkIndex, address: '10.0.0.9', mac: '02:00:00:00:00:01' });
    await rtnl.routes.delete({ destination: '10.9.0.0/16' });
    const expected = [
      'new 10.0.0.7/32',
      'new fd00::7/128',
      'new 10.9.0.0/16 200',
      'new fd09::/64 200',
      'new 10.0.0.9',
      'delete 10.9.0.0/16 200',
    ];
    await until(() => expected.every((line) => seen.includes(line)), expected.join());

    expect(seen.filter((line) => line.startsWith('unasked'))).to.deep.equal([]);
  });

  it('reports rules of policy routing, of both families', async () => {
    monitor = await openMonitor({ netns, groups: ['rule'] });
    const seen: string[] = [];
    monitor.on('rule', ({ change, rule: { family, priority, destination, table, protocol } }) => {
      seen.push([change, family, priority, destination, table, protocol].join(' '));
    });
    const ours = { priority: 100, table: 7200, protocol: 200 };

    await rtnl.rules.add({ ...ours, family: 4, destination: '10.1.0.0/16' });
    await rtnl.rules.add({ ...ours, family: 6, destination: 'fd00:1::/64' });
    await rtnl.rules.delete({ ...ours, family: 4, destination: '10.1.0.0/16' });

    const expected = [
      'new 4 100 10.1.0.0/16 7200 200',
      'new 6 100 fd00:1::/64 7200 200',
      'delete 4 100 10.1.0.0/16 7200 200',
    ];
    await until(() => seen.length >= expected.length, expected.join());
    expect(seen).to.deep.equal(expected);
  });

  it('reports forwarding as it is switched, of both families', async () => {
    await rtnl.links.createVeth({ name: 'a0', peer: { name: 'b0' } });
    monitor = await openMonitor({ netns, groups: ['netconf'] });
    const seen: string[] = [];
    monitor.on('netconf', ({ change, family, of, isForwarding }) => {
      if (isForwarding !== undefined) seen.push(`${change} ${family} ${of} ${isForwarding}`);
    });
    const { index } = (await rtnl.links.get({ name: 'a0' }))!;

    for (const value of ['1', '0']) {
      await netns.writeSysctl('net/ipv4/ip_forward', value);
      await netns.writeSysctl('net/ipv6/conf/all/forwarding', value);
    }
    await netns.writeSysctl('net/ipv4/conf/a0/forwarding', '1');
    const expected = ['new 4 all true', 'new 6 all true', 'new 4 all false', 'new 6 all false', `new 4 ${index} true`];
    await until(() => expected.every((line) => seen.includes(line)), expected.join());

    expect(seen).to.include('new 4 default true');
  });

  it('leaves out the settings of single links when nobody wants them, and nothing else', async () => {
    monitor = await openMonitor({ netns, groups: ['netconf', 'link'], linkSettings: false });
    const seen: string[] = [];
    monitor.on('netconf', ({ family, of, isForwarding }) => seen.push(`${family} ${of} ${isForwarding}`));
    monitor.on('link', ({ change, link }) => seen.push(`${change} ${link.name}`));

    await rtnl.links.createVeth({ name: 'a0', peer: { name: 'b0' } });
    await rtnl.links.delete({ name: 'a0' });
    await netns.writeSysctl('net/ipv4/ip_forward', '1');
    await netns.writeSysctl('net/ipv6/conf/all/forwarding', '1');
    const expected = ['new a0', 'new b0', 'delete a0', 'delete b0', '4 all true', '4 default true', '6 all true'];
    await until(() => expected.every((line) => seen.includes(line)), expected.join());

    expect(seen.filter((line) => /^[46] \d/.test(line))).to.deep.equal([]);
  });

  it('reports traffic control that comes and goes, and what is replaced as gone', async () => {
    await rtnl.links.createBridge({ name: 'a0' });
    const { index } = (await rtnl.links.get({ name: 'a0' }))!;
    await using tc = await openTrafficControl({ netns });
    monitor = await openMonitor({ netns, groups: ['tc'] });
    const seen: string[] = [];
    monitor.on('tc', ({ change, sort, linkIndex }) => seen.push(`${change} ${sort} ${linkIndex - index}`));

    await tc.qdiscs.add({ linkIndex: index, kind: 'htb', handle: '1:' });
    await tc.classes.replace({ linkIndex: index, kind: 'htb', parent: '1:', handle: '1:1', rateBitsPerSec: 8e6 });
    await tc.classes.delete({ linkIndex: index, handle: '1:1' });
    await tc.qdiscs.replace({ linkIndex: index, kind: 'pfifo', parent: 'root', handle: '2:' });
    await tc.qdiscs.delete({ linkIndex: index, parent: 'root' });
    await until(() => seen.filter((line) => line === 'delete qdisc 0').length === 2, 'both qdiscs are gone');

    expect(seen).to.include.members(['new qdisc 0', 'new class 0', 'delete class 0']);
    expect(new Set(seen.map((line) => line.split(' ')[2]))).to.deep.equal(new Set(['0']));
  });

  it('hears nothing of other namespaces, and the current one unless told otherwise', async () => {
    await using other = await anonymousNetns();
    await using elsewhere = await other.openRtnl();
    monitor = await openMonitor({ netns, groups: ['link'] });
    await using here = await openMonitor({ groups: ['link'] });
    const names: string[] = [];
    for (const listener of [monitor, here]) listener.on('link', ({ link }) => names.push(link.name));

    await elsewhere.links.createVeth({ name: 'quiet', peer: { name: 'quiet2' } });
    await rtnl.links.createVeth({ name: 'loud', peer: { name: 'loud2' } });
    await until(() => names.includes('loud'), 'the link here');

    expect(names).not.to.include('quiet');
  });

  it('signals an overrun, and later events still arrive', async () => {
    const { index: linkIndex } = await rtnl.links.createVeth({ name: 'a0', isUp: true, peer: { name: 'b0' } });
    monitor = await openMonitor({ netns, groups: ['address'], receiveBufferBytes: 4096 });
    let overruns = 0;
    monitor.on('overrun', () => overruns++);

    // The changes are made on a thread of the pool while the event loop is held up, as by a long computation.
    for (let round = 0; overruns === 0 && round < 50; round++) {
      const specs = Array.from({ length: 64 }, (_, i) => ({ linkIndex, address: `10.${round}.${i}.1/32` }));
      const adding = rtnl.addresses.addMany(specs);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
      await adding;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(overruns).to.be.greaterThan(0);

    const seen: string[] = [];
    monitor.on('address', (event) => seen.push(event.address.address));
    for (let round = 0; round < 3; round++) {
      const address = `10.250.0.${round}/32`;
      await rtnl.addresses.add({ linkIndex, address });
      await until(() => seen.includes(address), `the event of ${address}`);
    }
  });

  it('loses nothing in a burst that fits the buffer, and lets the event loop turn', async () => {
    const { index: linkIndex } = await rtnl.links.createVeth({ name: 'a0', isUp: true, peer: { name: 'b0' } });
    monitor = await openMonitor({ netns, groups: ['address'] });
    let count = 0;
    monitor.on('address', () => count++);
    monitor.on('overrun', () => (count = -Infinity));
    const specs = Array.from({ length: 3000 }, (_, i) => ({ linkIndex, address: `10.${i >> 8}.${i & 255}.1/32` }));

    const results = await rtnl.addresses.addMany(specs);
    await until(() => count === 3000, `3000 events`);

    expect(results.filter(({ error }) => error !== undefined)).to.deep.equal([]);
  });

  it('survives the garbage collection of everything but itself', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const seen: string[] = [];
    await listenAndForget(netns, (name) => seen.push(name));

    for (let round = 0; round < 5; round++) {
      collect();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await rtnl.links.createVeth({ name: 'a0', peer: { name: 'b0' } });

    await until(() => seen.includes('a0'), 'the event after the collections');
  });

  it('says nothing after close', async () => {
    monitor = await openMonitor({ netns, groups: ['link'] });
    await using witness = await openMonitor({ netns, groups: ['link'] });
    const heard = eventOf(witness, 'link');
    const names: string[] = [];
    monitor.on('link', ({ link }) => names.push(link.name));

    await monitor.close();
    await rtnl.links.createVeth({ name: 'a0', peer: { name: 'b0' } });
    await heard;

    expect(names).to.deep.equal([]);
  });

  it('refuses to listen for nothing', async () => {
    expect(await failure(openMonitor({ netns, groups: [] }))).to.include({ code: 'INVALID_ARGUMENT' });
  });

  it('holds the process until close, unless unref was called', () => {
    const index = new URL('../../src/index.ts', import.meta.url).pathname;
    const run = (body: string): string =>
      execFileSync(
        process.execPath,
        ['--import', 'tsx', '--input-type=module', '--eval', `import { openMonitor } from '${index}';${body}`],
        { encoding: 'utf8', timeout: 15_000, cwd: new URL('../../../..', import.meta.url).pathname },
      );
    const open = `const m = await openMonitor({ groups: ['link'] });`;

    expect(run(`${open} m.unref(); process.on('exit', () => console.log('ended'))`)).to.equal('ended\n');
    expect(run(`${open} setTimeout(() => { console.log('held'); void m.close(); }, 100).unref();`)).to.equal('held\n');
  });
});
