import { execFileSync } from 'node:child_process';

import { expect } from 'chai';

const PROGRAM = new URL('../support/lose-handles.mjs', import.meta.url).pathname;

function outcome(...args: readonly string[]): unknown {
  const command = ['-n', process.execPath, '--expose-gc', PROGRAM, ...args];
  return JSON.parse(execFileSync('unshare', command, { encoding: 'utf8' }));
}

describe('handles that were never closed', () => {
  it('give their descriptors back when nobody holds them any more, and not before an answer has come', () => {
    // A namespace and three connections, one of them with two: 1 + 4 + 4 + 2 + 1.
    expect(outcome()).to.deep.equal({ opened: 50 * 12, answered: 50, left: 0 });
  });

  it('stay open while somebody holds them', () => {
    expect(outcome('held')).to.deep.equal({ isSame: true, lists: 50 });
  });
});
