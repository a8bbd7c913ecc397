import { expect } from 'chai';

import { MessageWriter } from '../../../src/codec/writer.ts';
import { KernelNetlinkMonitor } from '../../../src/netlink/kernel-netlink-monitor.ts';
import { ENOBUFS } from '../../../src/sys/errno.ts';
import { datagram } from '../../support/messages.ts';
import { ScriptedSys } from '../../support/scripted-sys.ts';

const message = (value: number): Uint8Array => new MessageWriter(0xa0c, 0).u32(value).finish();

function open(...queue: (Uint8Array | number)[]): {
  sys: ScriptedSys;
  monitor: KernelNetlinkMonitor;
  seen: (string | Uint8Array)[];
} {
  const sys = new ScriptedSys();
  sys.queue.push(...queue);
  const monitor = new KernelNetlinkMonitor(sys, 40, 'nfnetlink.receive');
  const seen: (string | Uint8Array)[] = [];
  monitor.on('message', ({ payload }) => seen.push(payload));
  monitor.on('overrun', () => seen.push('overrun'));
  monitor.on('error', ({ code }) => seen.push(code));
  return { sys, monitor, seen };
}
const payload = (value: number): Uint8Array => Uint8Array.of(value, 0, 0, 0);

describe('KernelNetlinkMonitor', () => {
  it('reports messages that may be kept', () => {
    const { sys, seen } = open(datagram(message(1), message(2)), message(3));

    sys.onReadable?.();

    expect(seen).to.deep.equal([payload(1), payload(2), payload(3)]);
  });

  it('says that messages were lost or could not be read, and goes on', () => {
    const { sys, seen } = open(-ENOBUFS, Uint8Array.of(1, 2, 3), message(4));

    sys.onReadable?.();

    expect(seen).to.deep.equal(['overrun', payload(4), 'overrun']);
  });

  it('reports a dead socket and closes', () => {
    const { sys, seen } = open(-9);

    sys.onReadable?.();

    expect(seen).to.deep.equal(['EBADF']);
    expect(sys.closed).to.deep.equal([40]);
  });

  it('stops at once when a listener closes it', async () => {
    const { sys, monitor, seen } = open(datagram(message(1), message(2)));
    monitor.on('message', () => void monitor.close());

    sys.onReadable?.();
    await monitor[Symbol.asyncDispose]();

    expect(seen).to.deep.equal([payload(1)]);
    expect(sys.closed).to.deep.equal([40]);
  });
});
