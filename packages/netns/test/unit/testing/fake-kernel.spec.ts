import { expect } from 'chai';

import type { NetlinkError } from '../../../src/index.ts';
import { fakeKernel } from '../../../src/testing/index.ts';
import { failure } from '../../support/failure.ts';

describe('fakeKernel', () => {
  it('fails the next request of a kind, once for each call, and changes nothing then', async () => {
    const kernel = fakeKernel();
    kernel.failNext('link.create', 'ENOBUFS');
    kernel.failNext('link.create', 'EPERM');
    const create = (): Promise<unknown> => kernel.links.createVeth({ name: 'a0', peer: { name: 'b0' } });

    expect(await failure<NetlinkError>(create())).to.include({ code: 'ENOBUFS', errno: 105, subject: 'a0' });
    expect(await failure(create())).to.include({ code: 'EPERM' });
    expect(kernel.inspect().links).to.have.lengthOf(1);
    await create();

    expect(kernel.inspect().links).to.have.lengthOf(3);
  });

  it('records what it was asked for', async () => {
    const kernel = fakeKernel();

    await kernel.links.set({ name: 'lo' }, { isUp: true });
    await kernel.routes.replace({ destination: '10.0.0.0/8', linkIndex: 1 });

    expect(kernel.calls).to.deep.equal([
      { operation: 'link.set', subject: 'lo' },
      { operation: 'route.replace', subject: '10.0.0.0/8' },
    ]);
  });

  it('shows the inside of every namespace', async () => {
    const kernel = fakeKernel();
    const netns = kernel.createNetns();
    await kernel.links.createVeth({
      name: 'a0',
      ipv4Conf: { rpFilter: 2, proxyArp: true },
      peer: { name: 'eth0', netns },
    });
    await netns.writeSysctl('net.ipv4.ip_forward', '1');

    expect(kernel.inspect(netns).links.map(({ name }) => name)).to.deep.equal(['lo', 'eth0']);
    expect(kernel.inspect(netns).sysctls.get('net/ipv4/ip_forward')).to.equal('1');
    expect(await kernel.netns.readSysctl('net/ipv4/conf/a0/rp_filter')).to.equal('2');
    expect(await kernel.netns.readSysctl('net/ipv4/conf/a0/proxy_arp')).to.equal('1');
    expect(await failure(kernel.netns.readSysctl('net/ipv4/conf/nope/proxy_arp'))).to.include({ code: 'NOT_FOUND' });
    expect(netns.identity).not.to.equal(kernel.netns.identity);
  });

  it('opens any number of connections to a namespace, each closed on its own', async () => {
    const kernel = fakeKernel();
    const netns = kernel.createNetns();
    const [one, other] = [await netns.openRtnl(), await netns.openRtnl()];

    await one.close();
    await netns.close();

    expect(await failure(one.links.list())).to.include({ code: 'CLOSED' });
    expect(await other.links.list()).to.have.lengthOf(1);
    expect(await failure(netns.openRtnl())).to.include({ code: 'CLOSED' });
  });

  it('refuses a namespace of another kernel', async () => {
    const netns = fakeKernel().createNetns();
    const foreign = { ...netns };

    const done = fakeKernel().links.set({ name: 'lo' }, { netns: foreign });

    expect(await failure(done)).to.include({ code: 'EINVAL' });
  });
});
