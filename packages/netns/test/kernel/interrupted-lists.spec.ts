import { execFileSync } from 'node:child_process';

import { expect } from 'chai';

const PROGRAM = new URL('../support/list-under-churn.mjs', import.meta.url).pathname;
const isThorough = process.env['ROUTED_ATTACK'] === 'all';

describe('a list of links while links come and go', function () {
  this.timeout(isThorough ? 300_000 : 60_000);

  it('has every link that was there throughout', () => {
    const [links, lists] = isThorough ? [2000, 40] : [1000, 5];
    const args = ['-n', process.execPath, PROGRAM, String(links), String(lists)];

    const tally = JSON.parse(execFileSync('unshare', args, { encoding: 'utf8' })) as Record<string, number>;

    expect(tally).to.include({ whole: lists, failed: 0 });
  });
});
