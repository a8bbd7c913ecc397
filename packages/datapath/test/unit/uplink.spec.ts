import { EventEmitter } from 'node:events';
import type { Link, MonitorEvents } from '@routed/netns';
import { fakeKernel, type FakeKernel } from '@routed/netns/testing';
import { expect } from 'chai';
import sinon from 'sinon';
import { findUplink } from '../../src/host/uplink-mtu.ts';
import { UplinkWatch } from '../../src/host/uplink-watch.ts';

describe('findUplink', () => {
  let kernel: FakeKernel;
  beforeEach(async () => {
    kernel = fakeKernel();
    await kernel.links.set({ name: 'lo' }, { isUp: true });
  });

  async function addLink(name: string, mtuBytes: number, changes: object = {}): Promise<number> {
    const { index } = await kernel.links.createDummy({ name, mtuBytes, isUp: true, ...changes });
    return index;
  }

  it('is the link of the default route', async () => {
    const linkIndex = await addLink('eth0', 9000);
    await addLink('eth1', 1400);
    await kernel.addresses.add({ linkIndex, address: '10.0.0.2/24' });
    await kernel.routes.add({ destination: '0.0.0.0/0', gateway: '10.0.0.1', linkIndex });

    expect(await findUplink(kernel)).to.include({ name: 'eth0', mtuBytes: 9000 });
  });

  it('is the one with the smallest MTU where there is no default route, links of containers aside', async () => {
    await addLink('eth0', 9000);
    await addLink('eth1', 1450);
    await addLink('eth2', 1280, { isUp: false });
    await addLink('vethr0123456789', 1300, { alias: 'routed:0123456789' });

    expect(await findUplink(kernel)).to.include({ name: 'eth1', mtuBytes: 1450 });
  });

  it('is one of those that the operator named', async () => {
    const linkIndex = await addLink('eth0', 9000);
    await addLink('eth1', 1450);
    await addLink('eth2', 1400);
    await kernel.addresses.add({ linkIndex, address: '10.0.0.2/24' });
    await kernel.routes.add({ destination: '0.0.0.0/0', gateway: '10.0.0.1', linkIndex });

    expect(await findUplink(kernel, ['eth1'])).to.include({ name: 'eth1' });
    expect(await findUplink(kernel, ['eth0', 'eth1'])).to.include({ name: 'eth0' });
    expect(await findUplink(kernel, ['eth9'])).to.equal(undefined);
  });

  it('is none on a host that has no link', async () => {
    expect(await findUplink(kernel)).to.equal(undefined);
  });
});

describe('UplinkWatch', () => {
  let events: EventEmitter<MonitorEvents>;
  let warn: sinon.SinonSpy;
  beforeEach(() => {
    events = new EventEmitter();
    warn = sinon.fake();
    const logger = { debug: () => undefined, info: () => undefined, warn, error: () => undefined };
    new UplinkWatch({ uplink: { name: 'eth1', mtuBytes: 1500 }, logger }).start(events);
  });

  const tell = (link: Partial<Link>, change: 'new' | 'delete' = 'new'): unknown =>
    events.emit('link', { change, link: link as Link });

  it('names the link, the old and the new MTU, and what to do', () => {
    tell({ name: 'eth1', mtuBytes: 9000 });

    expect(warn.args).to.deep.equal([
      [
        { link: 'eth1', oldMtuBytes: 1500, newMtuBytes: 9000 },
        'the MTU of uplink eth1 is now 9000 bytes, previously 1500; container links keep 1500: ' +
          'restart routed-plugin, then the containers, or name an MTU with --mtu',
      ],
    ]);
  });

  it('warns once of each change', () => {
    for (const mtuBytes of [9000, 9000, 1400, 1400]) tell({ name: 'eth1', mtuBytes });

    expect(warn.args.map(([fields]) => fields as object)).to.deep.equal([
      { link: 'eth1', oldMtuBytes: 1500, newMtuBytes: 9000 },
      { link: 'eth1', oldMtuBytes: 9000, newMtuBytes: 1400 },
    ]);
  });

  it('has nothing to say of other links, of other changes, and of the way back', () => {
    tell({ name: 'eth0', mtuBytes: 9000 });
    tell({ name: 'eth1', mtuBytes: 1500, isUp: false });
    tell({ name: 'eth1', mtuBytes: 1500 }, 'delete');
    expect(warn.callCount).to.equal(0);

    tell({ name: 'eth1', mtuBytes: 9000 });
    tell({ name: 'eth1', mtuBytes: 1500 });
    expect(warn.callCount).to.equal(1);
  });
});
