import { expect } from 'chai';

import { CallQueue } from '../../../src/sys/call-queue.ts';

describe('CallQueue', () => {
  it('starts as many calls as it may, and the others in their order as those end', () => {
    const queue = new CallQueue(2);
    const started: string[] = [];
    for (const name of ['a', 'b', 'c', 'd', 'e']) queue.run(() => started.push(name));

    expect(started).to.deep.equal(['a', 'b']);
    queue.done();
    expect(started).to.deep.equal(['a', 'b', 'c']);
    for (let i = 0; i < 4; i++) queue.done();
    queue.run(() => started.push('f'));
    queue.run(() => started.push('g'));
    queue.run(() => started.push('h'));

    expect(started.join('')).to.equal('abcdefg');
  });
});
