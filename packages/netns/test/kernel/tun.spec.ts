import { readSync, writeSync } from 'node:fs';

import { expect } from 'chai';

import { openTun } from '../../src/tun.ts';
import { anonymousNetns } from '../../src/testing/index.ts';
import type { Netns } from '../../src/types/netns.ts';
import type { Rtnl } from '../../src/types/rtnl.ts';
import { ask, run } from '../support/enter.ts';
import { failure } from '../support/failure.ts';
import { until } from '../support/until.ts';

describe('tun and tap links', () => {
  let netns: Netns;
  let rtnl: Rtnl;

  beforeEach(async () => {
    netns = await anonymousNetns();
    rtnl = await netns.openRtnl();
  });

  afterEach(async () => {
    await rtnl.close();
    await netns.close();
  });

  it('are made in a namespace as ip(8) shows them, and go with their descriptor', async () => {
    const tap = await openTun({ mode: 'tap', name: 'tap7', netns });

    const [shown] = await ask(netns, 'ip link show dev tap7');
    expect(shown!['linkinfo']).to.deep.include({ info_kind: 'tun' });
    expect(shown!['linkinfo']).to.have.property('info_data').that.includes({ type: 'tap', pi: false, persist: false });
    expect(tap.name).to.equal('tap7');
    const { settings } = (await rtnl.links.inspect({ name: 'tap7' }))!;
    expect(settings).to.deep.include({ kind: 'tun', mode: 'tap', packetInformation: false, persistent: false });
    expect(settings).to.not.have.property('unknown');

    await tap.close();
    await tap.close();
    expect(await rtnl.links.get({ name: 'tap7' })).to.equal(undefined);
  });

  it('have names that the kernel counts', async () => {
    await using first = await openTun({ mode: 'tun', netns });
    await using second = await openTun({ mode: 'tun', netns });
    await using third = await openTun({ mode: 'tap', name: 'my%d', netns });

    expect([first.name, second.name, third.name]).to.deep.equal(['tun0', 'tun1', 'my0']);
  });

  it('give the program what is sent, and have it send', async () => {
    await using tun = await openTun({ mode: 'tun', name: 'tun0', netns });
    // No router solicitations.
    await netns.writeSysctl('net.ipv6.conf.tun0.disable_ipv6', '1');
    const packet = Buffer.alloc(2000);
    expect(() => readSync(tun.fd, packet)).to.throw(/EIO|EBADFD|EAGAIN/);
    await rtnl.links.set({ name: tun.name }, { isUp: true });
    const { index: linkIndex } = (await rtnl.links.get({ name: tun.name }))!;
    await rtnl.addresses.add({ linkIndex, address: '10.9.0.1/24' });
    expect(() => readSync(tun.fd, packet)).to.throw(/EAGAIN/);

    await run(netns, 'bash', '-c', 'echo hello >/dev/udp/10.9.0.2/9');

    const length = readSync(tun.fd, packet);
    expect(packet.subarray(16, 20)).to.deep.equal(Buffer.from([10, 9, 0, 2]));
    expect(packet.subarray(length - 6, length).toString()).to.equal('hello\n');
    expect(writeSync(tun.fd, packet.subarray(0, length))).to.equal(length);
    await until(async () => (await rtnl.links.inspect({ index: linkIndex }))!.statistics!.rxPackets === 1, 'received');
  });

  it('stay when they are persistent, with their owner, until they are deleted', async () => {
    const tun = await openTun({ mode: 'tun', name: 'tun0', persistent: true, ownerId: 7, groupId: 8, netns });
    expect(await failure(openTun({ mode: 'tun', name: 'tun0', netns }))).to.include({ code: 'EBUSY' });
    await tun.close();

    expect((await rtnl.links.inspect({ name: 'tun0' }))!.settings).to.include({
      ownerId: 7,
      groupId: 8,
      persistent: true,
    });
    expect(await failure(openTun({ mode: 'tap', name: 'tun0', netns }))).to.include({ code: 'EINVAL' });
    const again = await openTun({ mode: 'tun', name: 'tun0', persistent: false, netns });
    await again.close();
    expect(await rtnl.links.get({ name: 'tun0' })).to.equal(undefined);

    await (await openTun({ mode: 'tap', name: 'tap0', persistent: true, netns })).close();
    expect(await rtnl.links.delete({ name: 'tap0' })).to.equal(true);
  });

  it('take several descriptors with queues of their own', async () => {
    await using first = await openTun({ mode: 'tap', multiQueue: true, netns });
    await using second = await openTun({ mode: 'tap', name: first.name, multiQueue: true, netns });

    expect(second.fd).to.not.equal(first.fd);
    expect((await rtnl.links.inspect({ name: first.name }))!.settings).to.include({ multiQueue: true, queues: 2 });
  });

  it('are refused with what is wrong', async () => {
    await rtnl.links.createVeth({ name: 'a0', peer: { name: 'b0' } });
    const errors = await Promise.all([
      failure(openTun({ mode: 'tun', name: 'a0', netns })),
      failure(openTun({ mode: 'tun', name: 'a name', netns })),
      failure(openTun({ mode: 'tan', netns } as never)),
      failure(openTun({ netns } as never)),
      failure(openTun({ mode: 'tun', persistant: true, netns } as never)),
    ]);

    expect(errors.map(({ code }: { code?: string }) => code)).to.deep.equal(Array(5).fill('EINVAL'));
    expect(errors[4].message).to.include('did you mean persistent?');
    expect((await rtnl.links.list()).map(({ name }) => name)).to.have.members(['lo', 'a0', 'b0']);
  });
});
