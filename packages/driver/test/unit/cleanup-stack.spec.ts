import { expect } from 'chai';
import { CleanupStack } from '../../src/ground/cleanup-stack.ts';

describe('CleanupStack', () => {
  it('closes the last one first, also when one fails, and says which', async () => {
    const closed: string[] = [];
    const list = new CleanupStack();
    for (const name of ['state', 'socket', 'watch']) {
      list.add(() => {
        closed.push(name);
        return name === 'socket' ? Promise.reject(new Error('socket is stuck')) : Promise.resolve();
      });
    }

    const failure = await list.close().catch((error: unknown) => String(error));

    expect(closed).to.deep.equal(['watch', 'socket', 'state']);
    expect(failure).to.contain('socket is stuck');
    await list.close();
    expect(closed).to.have.lengthOf(3);
  });
});
