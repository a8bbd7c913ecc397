import { expect } from 'chai';
import { KeyedLock } from '../../src/ground/keyed-lock.ts';

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

describe('KeyedLock', () => {
  it('runs work on one key in order and on another key meanwhile', async () => {
    const lock = new KeyedLock();
    const gate = deferred();
    const done: string[] = [];

    const first = lock.run('a', async () => {
      await gate.promise;
      done.push('first');
    });
    const second = lock.run('a', () => Promise.resolve(void done.push('second')));
    await lock.run('b', () => Promise.resolve(void done.push('other key')));
    gate.resolve();
    await Promise.all([first, second]);

    expect(done).to.deep.equal(['other key', 'first', 'second']);
  });

  it('goes on after a failure, which only its own caller sees', async () => {
    const lock = new KeyedLock();
    const failing = lock.run('a', () => Promise.reject(new Error('mine')));
    const next = lock.run('a', () => Promise.resolve('fine'));

    expect(await failing.catch((error: unknown) => String(error))).to.equal('Error: mine');
    expect(await next).to.equal('fine');
  });
});
