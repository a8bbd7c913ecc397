import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import { collectAtRest } from '../../src/serve/heap.ts';

const restMs = 20;
const busyMs = 10 * restMs;

describe('collectAtRest', () => {
  let stop = (): void => undefined;
  afterEach(() => stop());

  it('collects once, when nothing is going on', async () => {
    let times = 0;

    await new Promise<void>((resolve) => {
      stop = collectAtRest({
        restMs,
        collect: () => {
          times++;
          // Whoever collects again does it while this waits.
          setTimeout(resolve, 5 * restMs);
        },
      });
    });

    expect(times).to.equal(1);
  });

  it('waits while there is something to do', async () => {
    let times = 0;
    const collected = new Promise<void>((resolve) => {
      stop = collectAtRest({
        restMs,
        collect: () => {
          times++;
          resolve();
        },
      });
    });

    const started = performance.now();
    while (performance.now() - started < busyMs) await nextTurn();
    const whileBusy = times;
    await Promise.race([collected, new Promise((resolve) => setTimeout(resolve, 60_000).unref())]);

    expect([whileBusy, times]).to.deep.equal([0, 1]);
  });

  it('collects no more when it is stopped', async () => {
    let times = 0;
    collectAtRest({ restMs, collect: () => times++ })();

    await new Promise((resolve) => setTimeout(resolve, 3 * restMs));

    expect(times).to.equal(0);
  });
});
