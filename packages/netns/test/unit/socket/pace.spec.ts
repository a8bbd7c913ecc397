import { expect } from 'chai';

import { Pace, alwaysAway } from '../../../src/socket/pace.ts';

describe('Pace', () => {
  let nowMs: number;
  let pace: Pace;

  beforeEach(() => {
    nowMs = 1000;
    pace = new Pace(() => nowMs);
  });

  const take = (ms: number) => (): number => (nowMs += ms);
  const here = (ms: number, needsLock = true): unknown => pace.here(take(ms), needsLock);
  const away = (ms: number, isBrief = true): Promise<unknown> => pace.away(() => Promise.resolve(take(ms)()), isBrief);
  async function quick(count: number): Promise<void> {
    for (let i = 0; i < count; i++) await away(0.1);
  }

  it('sends requests away until some have not waited', async () => {
    await quick(7);
    expect(pace.isClear()).to.equal(false);

    await quick(1);

    expect(pace.isClear()).to.equal(true);
  });

  it('sends them away while one is under way that may hold the lock', async () => {
    await quick(8);

    const done = pace.away(() => Promise.resolve(0), true);

    expect(pace.isClear()).to.equal(false);
    await done;
    expect(pace.isClear()).to.equal(true);
  });

  it('sends them away when the last is long ago', async () => {
    await quick(8);

    nowMs += 1000;

    expect(pace.isClear()).to.equal(false);
  });

  /** For how many milliseconds none is made on the loop although none waits. */
  async function absence(): Promise<number> {
    const startedMs = nowMs;
    do {
      nowMs += 100;
      await quick(8);
    } while (!pace.isClear());
    return nowMs - startedMs;
  }

  it('sends them away for a second after one that held up the event loop, and for longer each time', async () => {
    const absences: number[] = [];

    for (let time = 0; time < 8; time++) {
      await quick(8);
      here(5);
      absences.push(Math.round((await absence()) / 1000));
    }

    expect(absences).to.deep.equal([1, 2, 4, 8, 16, 32, 60, 60]);
  });

  it('forgets with time that one held up the event loop', async () => {
    for (let time = 0; time < 3; time++) {
      await quick(8);
      here(5);
      await absence();
    }

    nowMs += 33_000;
    await quick(8);
    here(5);

    expect(Math.round((await absence()) / 1000)).to.equal(1);
  });

  it('starts over after a long wait on another thread, which may have been for that thread', async () => {
    await quick(8);

    await away(19);
    expect(pace.isClear()).to.equal(true);
    await away(20);
    expect(pace.isClear()).to.equal(false);
    await quick(8);

    expect(pace.isClear()).to.equal(true);
  });

  it('learns nothing of the lock from what takes long by itself', async () => {
    await quick(8);

    await away(25, false);
    expect(pace.isClear()).to.equal(true);
    for (let i = 0; i < 8; i++) await away(0.1, false);

    expect(pace.isClear()).to.equal(true);
  });

  it('may be told to send every one away', async () => {
    const away = alwaysAway();

    for (let i = 0; i < 20; i++) await away.away(() => Promise.resolve(0), true);

    expect(away.isClear()).to.equal(false);
  });

  it('learns nothing of the lock from what does not need it', () => {
    for (let i = 0; i < 20; i++) here(0.1, false);

    expect(pace.isClear()).to.equal(false);
  });

  it('lets the event loop turn after half a millisecond of requests on it', async () => {
    let hasTurned = false;
    setImmediate(() => (hasTurned = true));
    here(0.4);

    await pace.turn();
    expect(hasTurned).to.equal(false);
    here(0.2);
    await pace.turn();

    expect(hasTurned).to.equal(true);
  });
});
