import { setImmediate as nextTurn } from 'node:timers/promises';

import { expect } from 'chai';
import sinon from 'sinon';

import { PollWatch } from '../../../src/sys/poll-watch.ts';

type Callback = (status: number | object) => void;

interface Opened {
  readonly handle: Readonly<Record<'start' | 'close' | 'unref', sinon.SinonStub>>;
  readonly fire: Callback;
  readonly watch: PollWatch;
}

function openWatch(onReadable: () => void): Opened {
  const handle = { start: sinon.stub(), close: sinon.stub(), unref: sinon.stub() };
  let fire: Callback = () => undefined;
  const watch = new PollWatch((callback) => {
    fire = callback;
    return handle;
  }, onReadable);
  return { handle, fire: (status) => fire(status), watch };
}

describe('PollWatch', () => {
  it('calls the listener outside the native callback, once for several signals', async () => {
    const onReadable = sinon.stub();
    const { fire, watch } = openWatch(onReadable);

    fire(0);
    fire(0);
    expect(onReadable.callCount).to.equal(0);
    await nextTurn();

    expect(onReadable.callCount).to.equal(1);
    watch.close();
  });

  it('starts again after a socket error, when the listener has read it', async () => {
    const onReadable = sinon.stub();
    const { fire, handle, watch } = openWatch(onReadable);

    fire(-9);
    await nextTurn();

    expect(handle.start.calledOnceWith({ readable: true })).to.equal(true);
    expect(handle.start.calledAfter(onReadable)).to.equal(true);
    watch.close();
  });

  it('starts again although the listener throws', async () => {
    const caught = sinon.stub();
    const { fire, handle, watch } = openWatch(() => {
      throw new Error('listener');
    });
    const listeners = process.rawListeners('uncaughtException') as ((error: Error) => void)[];
    process.removeAllListeners('uncaughtException').once('uncaughtException', caught);

    fire(-9);
    await nextTurn();
    for (const listener of listeners) process.on('uncaughtException', listener);

    expect(caught.callCount).to.equal(1);
    expect(handle.start.callCount).to.equal(1);
    watch.close();
  });

  it('is silent after close', async () => {
    const onReadable = sinon.stub();
    const { fire, handle, watch } = openWatch(onReadable);

    fire(-9);
    watch.close();
    watch.close();
    await nextTurn();

    expect(onReadable.callCount).to.equal(0);
    expect(handle.start.callCount).to.equal(0);
    expect(handle.close.callCount).to.equal(1);
  });
});
