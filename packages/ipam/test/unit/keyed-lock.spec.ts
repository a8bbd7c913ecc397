import { EventEmitter, once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import { KeyedLock } from '../../src/keyed-lock.ts';

describe('KeyedLock', () => {
  it('runs work for one key one after the other, in order', async () => {
    const lock = new KeyedLock();
    const events: string[] = [];
    const work = (name: string) => async (): Promise<void> => {
      events.push(`${name} starts`);
      await setImmediate();
      events.push(`${name} ends`);
    };

    await Promise.all([lock.run('key', work('one')), lock.run('key', work('two'))]);

    expect(events).to.deep.equal(['one starts', 'one ends', 'two starts', 'two ends']);
  });

  it('lets work for another key overtake', async () => {
    const lock = new KeyedLock();
    const release = new EventEmitter();
    const waiting = lock.run('one', () => once(release, 'now'));

    expect(await lock.run('two', () => Promise.resolve('done'))).to.equal('done');

    release.emit('now');
    await waiting;
  });

  it('passes a failure to its caller only, and goes on', async () => {
    const lock = new KeyedLock();
    const failing = lock.run('key', () => Promise.reject(new Error('broken')));
    const next = lock.run('key', () => Promise.resolve('done'));

    expect(await failing.catch((error: unknown) => String(error))).to.equal('Error: broken');
    expect(await next).to.equal('done');
  });

  it('keeps nothing once idle', async () => {
    const lock = new KeyedLock();
    const runs = [1, 2, 3].map((number) => lock.run('key', () => Promise.resolve(number)));

    expect(lock.size).to.equal(1);
    await Promise.all(runs);
    expect(lock.size).to.equal(0);
  });
});
