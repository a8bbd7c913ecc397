import { expect } from 'chai';

import type { Netns, NetlinkError, Rtnl } from '../../src/index.ts';
import { anonymousNetns } from '../../src/testing/index.ts';
import { failure } from '../support/failure.ts';

describe('openRtnl', () => {
  let host: Netns;
  let container: Netns;
  let rtnl: Rtnl;

  beforeEach(async () => {
    [host, container] = await Promise.all([anonymousNetns(), anonymousNetns()]);
    rtnl = await host.openRtnl();
  });

  afterEach(async () => {
    await rtnl.close();
    await Promise.all([host.close(), container.close()]);
  });

  it('sets up a container end to end, in both families', async () => {
    const pair = await rtnl.links.createVeth({
      name: 'vethr0123456789',
      mtuBytes: 1400,
      mac: '02:42:0a:00:00:01',
      alias: 'routed:endpoint',
      isUp: true,
      txQueueLength: 0,
      ipv4Conf: { forwarding: true, proxyArp: true, rpFilter: 0, arpIgnore: 1, arpAnnounce: 2, routeLocalnet: false },
      ipv6AddressGeneration: 'none',
      peer: { name: 'eth0', netns: container, mtuBytes: 1400, mac: '02:42:0a:00:00:07' },
    });
    await using inside = await container.openRtnl();
    const linkIndex = pair.peerIndex;
    await inside.links.set({ index: linkIndex }, { isUp: true });
    await inside.addresses.add({ linkIndex, address: '10.0.0.7/32' });
    await inside.addresses.add({ linkIndex, address: 'fd00::7/128', skipDuplicateDetection: true });
    await inside.routes.add({ destination: '169.254.1.1/32', linkIndex });
    await inside.routes.add({ destination: 'default', gateway: '169.254.1.1', linkIndex });
    await inside.routes.add({ destination: 'default', gateway: 'fe80::1', linkIndex });
    await rtnl.routes.replace({ destination: '10.0.0.7/32', linkIndex: pair.index, protocol: 200 });
    await rtnl.routes.replace({ destination: 'fd00::7/128', linkIndex: pair.index, protocol: 200 });

    expect(await rtnl.routes.get('10.0.0.7')).to.include({ linkIndex: pair.index });
    expect(await rtnl.routes.get('fd00::7', { exact: true })).to.include({ protocol: 200 });
    expect(await inside.routes.get('192.0.2.1')).to.include({ gateway: '169.254.1.1', source: '10.0.0.7' });
    expect(await inside.routes.get('2001:db8::1')).to.include({ gateway: 'fe80::1' });
    expect(await rtnl.links.get({ index: pair.index })).to.include({ hasCarrier: true, alias: 'routed:endpoint' });
    const conf = (key: string): Promise<string> => host.readSysctl(`net/ipv4/conf/vethr0123456789/${key}`);
    expect(
      await Promise.all(['forwarding', 'proxy_arp', 'rp_filter', 'arp_ignore', 'arp_announce'].map(conf)),
    ).to.deep.equal(['1', '1', '0', '1', '2']);
    expect(await rtnl.addresses.list({ linkIndex: pair.index })).to.deep.equal([]);
  });

  it('looks a route up as a packet with a mark would find it, in both families', async () => {
    const { index: linkIndex } = await rtnl.links.createVeth({ name: 'eth0', isUp: true, peer: { name: 'far' } });
    await rtnl.links.set({ name: 'far' }, { isUp: true });
    for (const [family, destination] of [
      [4, '10.0.0.7'],
      [6, 'fd00::7'],
    ] as const) {
      await rtnl.routes.add({ destination, linkIndex, protocol: 200, table: 7200 });
      await rtnl.routes.add({ destination, linkIndex, protocol: 201 });
      await rtnl.rules.add({ family, priority: 10, mark: 0x0400_0000, markMask: 0x0400_0000, table: 7200 });

      const ways = [{}, { mark: 0x0400_0000 }, { mark: 0xffff_ffff, exact: true }, { mark: 1 }].map((query) =>
        rtnl.routes.get(destination, query),
      );
      expect((await Promise.all(ways)).map((way) => way?.table)).to.deep.equal([254, 7200, 7200, 254]);
    }
  });

  it('keeps an alias of 255 bytes', async () => {
    const alias = 'ä'.repeat(127) + 'x';
    await rtnl.links.createBridge({ name: 'br0', alias });

    expect((await rtnl.links.get({ name: 'br0' }))?.alias).to.equal(alias);
    expect(await failure(rtnl.links.set({ name: 'br0' }, { alias: `${alias}x` }))).to.include({ attribute: 'alias' });
  });

  it('creates a dummy, or repeats what the kernel says when it has none', async () => {
    const outcome = await rtnl.links.createDummy({ name: 'd0', mtuBytes: 1400, isUp: true, alias: 'spare' }).then(
      () => undefined,
      (error: unknown) => error as NetlinkError,
    );

    if (outcome === undefined)
      expect(await rtnl.links.get({ name: 'd0' })).to.include({ kind: 'dummy', hasCarrier: true });
    else expect(outcome).to.include({ code: 'EOPNOTSUPP', kernelMessage: 'Unknown device type' });
  });

  it('passes on the words of the kernel and the attribute it means', async () => {
    const { index } = await rtnl.links.createVeth({ name: 'a0', isUp: true, peer: { name: 'b0' } });

    const mtu = await failure<NetlinkError>(rtnl.links.set({ index }, { mtuBytes: 70_000 }));
    const via = await failure<NetlinkError>(rtnl.routes.add({ destination: '10.0.0.0/8', gateway: '192.0.2.1' }));

    expect(mtu.message).to.equal(`link.set index ${index}: mtu greater than device maximum (EINVAL)`);
    expect(via).to.include({ code: 'ENETUNREACH', kernelMessage: 'Nexthop has invalid gateway' });
  });

  it('creates a hundred pairs at once', async () => {
    const names = Array.from({ length: 100 }, (_, i) => i);

    const pairs = await Promise.all(
      names.map((i) =>
        rtnl.links.createVeth({
          name: `h${i}`,
          alias: `pair ${i}`,
          isUp: true,
          peer: { name: `c${i}`, netns: container },
        }),
      ),
    );

    expect(new Set(pairs.map(({ index }) => index)).size).to.equal(100);
    const links = await rtnl.links.list({ kind: 'veth' });
    expect(links).to.have.lengthOf(100);
    expect(new Set(links.map(({ alias }) => alias)).size).to.equal(100);
    expect(
      links.every((link) => pairs.some((pair) => pair.index === link.index && pair.peerIndex === link.peerIndex)),
    ).to.equal(true);
  });

  it('gives each of many callers their own answer', async () => {
    const { index: linkIndex } = await rtnl.links.createVeth({ name: 'a0', isUp: true, peer: { name: 'b0' } });

    const outcomes = await Promise.all(
      Array.from({ length: 200 }, async (_, i) => {
        const linkOrNone = i % 2 === 0 ? linkIndex : 9999;
        const done = rtnl.routes.add({ destination: `10.7.${i}.0/24`, linkIndex: linkOrNone, protocol: 200 });
        return done.then(
          () => 'done',
          (error: unknown) => (error as NetlinkError).code,
        );
      }),
    );

    expect(outcomes.every((outcome, i) => outcome === (i % 2 === 0 ? 'done' : 'ENODEV'))).to.equal(true);
    expect(await rtnl.routes.list({ protocol: 200 })).to.have.lengthOf(100);
  });

  it('dumps tables that take many datagrams', async () => {
    const { index: linkIndex } = await rtnl.links.createVeth({ name: 'a0', isUp: true, peer: { name: 'b0' } });
    const specs = Array.from({ length: 3000 }, (_, i) => ({ linkIndex, address: `10.${i >> 8}.${i & 255}.1/32` }));
    await rtnl.addresses.addMany(specs);

    const addresses = await rtnl.addresses.list({ linkIndex, family: 4 });

    expect(new Set(addresses.map(({ address }) => address))).to.deep.equal(
      new Set(specs.map(({ address }) => address)),
    );
  });

  it('keeps dumps whole while the tables change', async () => {
    const { index: linkIndex } = await rtnl.links.createVeth({ name: 'a0', isUp: true, peer: { name: 'b0' } });
    await rtnl.addresses.addMany(
      Array.from({ length: 2000 }, (_, i) => ({ linkIndex, address: `10.${i >> 8}.${i & 255}.1/32` })),
    );
    const churn = new AbortController();
    const churning = (async (): Promise<void> => {
      for (let i = 0; !churn.signal.aborted; i = (i + 1) % 200) {
        await rtnl.addresses.add({ linkIndex, address: `10.99.0.${i}/32` });
        await rtnl.addresses.delete({ linkIndex, address: `10.99.0.${i}/32` });
      }
    })();

    try {
      for (let round = 0; round < 20; round++) {
        const addresses = await rtnl.addresses.list({ linkIndex, family: 4 });
        expect(addresses.filter(({ address }) => !address.startsWith('10.99.'))).to.have.lengthOf(2000);
      }
    } finally {
      churn.abort();
      await churning;
    }
  });

  it('finishes what was asked for before it closes', async () => {
    const creating = rtnl.links.createVeth({ name: 'a0', alias: 'late', peer: { name: 'b0' } });
    const listing = rtnl.links.list();
    const adding = Array.from({ length: 20 }, () => rtnl.links.get({ name: 'lo' }));

    await rtnl.close();

    await Promise.all([creating, listing, ...adding]);
    expect(await failure(rtnl.links.list())).to.include({ code: 'CLOSED', operation: 'link.list' });
    await using again = await host.openRtnl({ lanes: 1 });
    expect(await again.links.get({ name: 'a0' })).to.include({ alias: 'late' });
  });

  it('traces in readable lines', async () => {
    const lines: string[] = [];
    await using traced = await host.openRtnl({ lanes: 1, trace: (line) => lines.push(line) });

    await traced.links.get({ name: 'lo' });
    await traced.rules.list({ family: 4 });

    expect(lines[0]).to.match(/^> RTM_GETLINK seq=1 flags=0x5 .* 3=6c6f00/);
    expect(lines.at(-1)).to.match(/^< DONE seq=2 .* ok$/);
  });

  it('moves the peer by a handle and finds it by name inside', async () => {
    await rtnl.links.createVeth({ name: 'a0', peer: { name: 'b0' } });
    await rtnl.links.set({ name: 'b0' }, { netns: container, name: 'eth0' });
    await using inside = await container.openRtnl();

    await inside.links.set({ name: 'eth0' }, { isUp: true });

    const [near, far] = [await rtnl.links.get({ name: 'a0' }), await inside.links.get({ name: 'eth0' })];
    expect(near).to.include({ peerIndex: far?.index });
    expect(near?.peerNetnsId).to.be.a('number');
  });

  it('lets the event loop turn between requests that it makes there, and sends calls at once together', async () => {
    const { index: linkIndex } = await rtnl.links.createVeth({ name: 'a0', isUp: true, peer: { name: 'b0' } });
    const destination = (i: number): string => `10.${i >> 8}.${i & 255}.0/24`;
    let turns = 0;
    let isDone = false;
    const turn = (): void => {
      turns += 1;
      if (!isDone) setImmediate(turn);
    };
    turn();

    for (let i = 0; i < 1000; i++) await rtnl.routes.add({ destination: destination(i), linkIndex });
    for (let i = 0; i < 1000; i++) await rtnl.routes.get(`10.${i >> 8}.${i & 255}.1`);
    isDone = true;
    const outcomes = await Promise.allSettled(
      Array.from({ length: 2000 }, (_, i) => rtnl.routes.add({ destination: destination(i), linkIndex })),
    );

    // Each takes some microseconds in the kernel: without turns there would be one or two.
    expect(turns).to.be.greaterThan(5);
    const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
    expect(refused).to.have.lengthOf(1000);
    expect(refused[999]).to.include({ code: 'EEXIST', operation: 'route.add', subject: '10.3.231.0/24' });
    expect(await rtnl.routes.list({ table: 254, family: 4 })).to.have.lengthOf(2000);
  });

  it('makes nothing on the event loop that needs a lock if told so, and says what it can be told', async () => {
    await using away = await host.openRtnl({ threads: 'always' });
    const { index: linkIndex } = await away.links.createVeth({ name: 'a0', isUp: true, peer: { name: 'b0' } });

    for (let i = 0; i < 20; i++) await away.routes.add({ destination: `10.0.${i}.0/24`, linkIndex });

    expect(await away.routes.list({ table: 254, family: 4 })).to.have.lengthOf(20);
    const refused = await failure(host.openRtnl({ threads: 'never' } as never));
    expect(refused.message).to.include('"never" is not one of auto, always [threads]');
  });

  it('keeps the event loop free while links are deleted', async () => {
    const names = Array.from({ length: 20 }, (_, i) => `h${i}`);
    await Promise.all(names.map((name, i) => rtnl.links.createVeth({ name, peer: { name: `c${i}` } })));
    let turns = 0;
    let isDone = false;
    const turn = (): void => {
      turns += 1;
      if (!isDone) setImmediate(turn);
    };
    turn();

    const deleted = await Promise.all(names.map((name) => rtnl.links.delete({ name })));
    isDone = true;

    expect(deleted).to.deep.equal(names.map(() => true));
    // Each delete waits some 15 ms in the kernel: a loop that waited along would turn a few times per link.
    expect(turns).to.be.greaterThan(500);
  });
});
