import { expect } from 'chai';
import { parseQueueStatistics } from '../../src/index.ts';

describe('parseQueueStatistics', () => {
  it('finds the row of a queue, and nothing in other texts', () => {
    const text = '    7  12345     3 2 65535     4     5       12  1\n   70  1 0 2 65535 0 0 0 1\n';

    expect(parseQueueStatistics(7, text)).to.deep.equal({ waiting: 3, droppedFull: 4, droppedUnread: 5 });
    for (const other of ['', '8 1 2 3 4 5 6', '7 1 2']) expect(parseQueueStatistics(7, other)).to.equal(undefined);
  });
});
