import { expect } from 'chai';

import { type EchoSocket, openEcho } from '../../src/icmp.ts';
import { anonymousNetns } from '../../src/testing/index.ts';
import type { Netns } from '../../src/types/netns.ts';
import type { Rtnl } from '../../src/types/rtnl.ts';
import { failure } from '../support/failure.ts';
import { run } from '../support/enter.ts';

const WAIT = { timeoutMs: 5_000 } as const;
const ask = { packetBytes: 84, ...WAIT };

/** Three namespaces in a row: `near`, `router`, `far`, with links of 1500 bytes. */
describe('asking an address', () => {
  let near: Netns;
  let router: Netns;
  let far: Netns;
  let rtnls: readonly [Rtnl, Rtnl, Rtnl];

  beforeEach(async () => {
    [near, router, far] = await Promise.all([anonymousNetns(), anonymousNetns(), anonymousNetns()]);
    rtnls = await Promise.all([near.openRtnl(), router.openRtnl(), far.openRtnl()]);
    const [a, b, c] = rtnls;
    for (const netns of [near, router, far]) await netns.writeSysctl('net.ipv6.conf.default.accept_dad', '0');
    await router.writeSysctl('net.ipv4.ip_forward', '1');
    await router.writeSysctl('net.ipv6.conf.all.forwarding', '1');
    // What a router may say is not limited to one packet a second.
    await router.writeSysctl('net.ipv4.icmp_ratemask', '0');
    await b.links.createVeth({ name: 'left', isUp: true, peer: { name: 'up', netns: near } });
    await b.links.createVeth({ name: 'right', isUp: true, peer: { name: 'up', netns: far } });
    const plan = [
      [a, 'up', '10.1.0.1/24', 'fd01::1/64'],
      [b, 'left', '10.1.0.2/24', 'fd01::2/64'],
      [b, 'right', '10.2.0.1/24', 'fd02::1/64'],
      [c, 'up', '10.2.0.2/24', 'fd02::2/64'],
    ] as const;
    for (const [rtnl, name, ...addresses] of plan) {
      await rtnl.links.set({ name: 'lo' }, { isUp: true });
      await rtnl.links.set({ name }, { isUp: true });
      const { index: linkIndex } = (await rtnl.links.get({ name }))!;
      for (const address of addresses) await rtnl.addresses.add({ linkIndex, address });
    }
    for (const [rtnl, ...gateways] of [
      [a, '10.1.0.2', 'fd01::2'],
      [c, '10.2.0.1', 'fd02::1'],
    ] as const) {
      for (const gateway of gateways) await rtnl.routes.add({ destination: 'default', gateway });
    }
  });

  afterEach(async () => {
    await Promise.all(rtnls.map((rtnl) => rtnl.close()));
    await Promise.all([near, router, far].map((netns) => netns.close()));
  });

  const open = (address: string): Promise<EchoSocket> => openEcho({ address, netns: near });

  for (const [family, address] of [
    ['IPv4', '10.2.0.2'],
    ['IPv6', 'fd02::2'],
  ] as const) {
    it(`is answered, several times at once (${family})`, async () => {
      await using socket = await open(address);

      const outcomes = await Promise.all([
        socket.ask(ask),
        socket.ask({ packetBytes: 1500, ...WAIT }),
        socket.ask(ask),
      ]);

      expect(outcomes.map(({ state }) => state)).to.deep.equal(['answered', 'answered', 'answered']);
      const [first] = outcomes;
      expect(first).to.have.property('roundTripMs').that.is.within(0.001, 5_000);
      if (family === 'IPv4') expect(first).to.have.property('hopLimit', 63);
    });

    it(`finds the MTU of a link further on (${family})`, async () => {
      await rtnls[1].links.set({ name: 'right' }, { mtuBytes: 1400 });
      await using socket = await open(address);

      const told = await socket.ask({ packetBytes: 1500, ...WAIT });
      const known = await socket.ask({ packetBytes: 1500, ...WAIT });
      const fits = await socket.ask({ packetBytes: 1400, ...WAIT });

      expect(told).to.deep.equal({ state: 'too big', mtuBytes: 1400, by: family === 'IPv4' ? '10.1.0.2' : 'fd01::2' });
      expect(known).to.deep.equal({ state: 'too big', mtuBytes: 1400 });
      expect(fits.state).to.equal('answered');
    });

    it(`hears from a router that the address is not there (${family})`, async () => {
      await rtnls[1].routes.add({
        destination: family === 'IPv4' ? '10.3.0.0/24' : 'fd03::/64',
        type: 'unreachable',
      });
      await using socket = await open(family === 'IPv4' ? '10.3.0.1' : 'fd03::1');

      const [first, second] = [await socket.ask(ask), await socket.ask(ask)];

      const reason = family === 'IPv4' ? 'host unreachable' : 'no route';
      expect(first).to.deep.equal({ state: 'refused', reason, by: family === 'IPv4' ? '10.1.0.2' : 'fd01::2' });
      expect(second).to.deep.equal(first);
    });
  }

  it('is told nothing where packets vanish', async () => {
    await rtnls[1].routes.add({ destination: '10.3.0.0/24', type: 'blackhole' });
    await using socket = await open('10.3.0.1');

    expect(await socket.ask({ packetBytes: 84, timeoutMs: 50 })).to.deep.equal({ state: 'silent' });
  });

  it('is heard although the program was held up until after the time', async () => {
    await using socket = await open('10.1.0.2');
    await socket.ask(ask);

    const asked = socket.ask({ packetBytes: 84, timeoutMs: 20 });
    const end = performance.now() + 500;
    while (performance.now() < end);

    expect(await asked).to.include({ state: 'answered' });
  });

  it('does not wait when this host does not send', async () => {
    await run(near, 'iptables', '-A', 'OUTPUT', '-p', 'icmp', '-j', 'DROP');
    await using socket = await open('10.2.0.2');

    expect(await socket.ask(ask)).to.deep.equal({
      state: 'refused',
      reason: 'a firewall rule of this host drops what it sends',
    });
    expect(await socket.ask({ packetBytes: 1501, ...WAIT })).to.deep.equal({ state: 'too big', mtuBytes: 1500 });
  });

  it('is refused without a route, for a name, and after it was closed', async () => {
    await rtnls[0].routes.delete({ destination: 'default', gateway: '10.1.0.2' });

    expect(await failure(open('10.2.0.2'))).to.include({ code: 'ENETUNREACH' });
    expect(await failure(open('host.example'))).to.include({ code: 'EINVAL' });
    const socket = await open('10.1.0.2');
    const asked = socket.ask({ packetBytes: 84, timeoutMs: 60_000 });
    await asked;
    await socket.close();
    await socket.close();
    expect(await failure(socket.ask(ask))).to.include({ code: 'CLOSED' });
  });
});
