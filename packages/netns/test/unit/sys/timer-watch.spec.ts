import { expect } from 'chai';
import sinon from 'sinon';

import { TimerWatch, lacksPoll } from '../../../src/sys/timer-watch.ts';

describe('TimerWatch', () => {
  let clock: sinon.SinonFakeTimers;

  beforeEach(() => {
    clock = sinon.useFakeTimers();
  });

  afterEach(() => clock.restore());

  it('has the listener look every 5 ms until it is closed', () => {
    const onReadable = sinon.stub();
    const watch = new TimerWatch(onReadable);

    clock.tick(20);
    watch.close();
    clock.tick(20);

    expect(onReadable.callCount).to.equal(4);
  });

  it('is not used on the main thread of Node', () => {
    expect(lacksPoll).to.equal(false);
  });
});
