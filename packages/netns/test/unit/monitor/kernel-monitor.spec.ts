import { setImmediate as nextTurn } from 'node:timers/promises';

import { expect } from 'chai';

import { buildAddressAdd } from '../../../src/message/address.ts';
import { buildLinkChange } from '../../../src/message/link-change.ts';
import { buildNeighbourAdd } from '../../../src/message/neighbour.ts';
import { buildRouteAdd } from '../../../src/message/route.ts';
import { groupMask } from '../../../src/monitor/decode-event.ts';
import { KernelMonitor } from '../../../src/monitor/kernel-monitor.ts';
import { ENOBUFS } from '../../../src/sys/errno.ts';
import { datagram, purpose } from '../../support/messages.ts';
import { ScriptedSys } from '../../support/scripted-sys.ts';

const address = (last: number): Uint8Array =>
  buildAddressAdd({ linkIndex: 1, address: `10.0.0.${last}/32` }, 0, purpose);

function open(...queue: (Uint8Array | number)[]): { sys: ScriptedSys; monitor: KernelMonitor; seen: string[] } {
  const sys = new ScriptedSys();
  sys.queue.push(...queue);
  const monitor = new KernelMonitor(sys, 40);
  const seen: string[] = [];
  monitor.on('address', (event) => seen.push(`${event.change} ${event.address.address}`));
  monitor.on('overrun', () => seen.push('overrun'));
  return { sys, monitor, seen };
}

describe('KernelMonitor', () => {
  it('reports every kind of object', () => {
    const { sys, monitor } = open(
      datagram(buildLinkChange({ name: 'eth0' }, {}, purpose), address(1)),
      buildRouteAdd({ destination: '10.0.0.0/8', linkIndex: 1 }, 0, purpose),
      buildNeighbourAdd({ linkIndex: 1, address: '10.0.0.9', mac: '02:00:00:00:00:01' }, 0, purpose),
    );
    const names: string[] = [];
    monitor.on('link', ({ link }) => names.push(link.name));
    monitor.on('address', (event) => names.push(event.address.address));
    monitor.on('route', ({ route }) => names.push(route.destination));
    monitor.on('neighbour', ({ neighbour }) => names.push(neighbour.address));

    sys.onReadable?.();

    expect(names).to.deep.equal(['eth0', '10.0.0.1/32', '10.0.0.0/8', '10.0.0.9']);
  });

  it('reports an overrun after what is older than the loss', () => {
    const { sys, seen } = open(address(1), -ENOBUFS, address(2));

    sys.onReadable?.();

    expect(seen).to.deep.equal(['new 10.0.0.1/32', 'new 10.0.0.2/32', 'overrun']);
  });

  it('takes a datagram that it cannot read for lost events', () => {
    const { sys, seen } = open(Uint8Array.of(1, 2, 3), address(2));

    sys.onReadable?.();

    expect(seen).to.deep.equal(['overrun', 'new 10.0.0.2/32']);
  });

  it('lets the event loop have its turn during a burst', async () => {
    const { sys, seen } = open(...Array.from({ length: 250 }, () => address(1)));

    sys.onReadable?.();
    const first = seen.length;
    sys.onReadable?.();
    expect(seen.length).to.equal(first);
    while (sys.queue.length > 0) await nextTurn();

    expect(first).to.equal(100);
    expect(seen).to.have.lengthOf(250);
  });

  it('stops at once when a listener closes it', async () => {
    const { sys, monitor, seen } = open(datagram(address(1), address(2)), address(3));
    monitor.once('address', () => void monitor.close());

    sys.onReadable?.();
    await nextTurn();

    expect(seen).to.deep.equal(['new 10.0.0.1/32']);
    expect(sys.closed).to.deep.equal([40]);
  });

  it('reports a dead socket and closes', () => {
    const { sys, monitor } = open(-9);
    const codes: string[] = [];
    monitor.on('error', ({ code }) => codes.push(code));

    sys.onReadable?.();

    expect(codes).to.deep.equal(['EBADF']);
    expect(sys.closed).to.deep.equal([40]);
  });

  it('closes once', async () => {
    const { sys, monitor } = open();

    await monitor.close();
    await monitor[Symbol.asyncDispose]();

    expect(sys.closed).to.deep.equal([40]);
  });
});

describe('groupMask', () => {
  it('has a bit for each multicast group', () => {
    expect(groupMask(['link'])).to.equal(1);
    expect(groupMask(['neighbour'])).to.equal(4);
    expect(groupMask(['address', 'route'])).to.equal(0x110 | 0x440);
    expect(groupMask([])).to.equal(0);
  });
});
