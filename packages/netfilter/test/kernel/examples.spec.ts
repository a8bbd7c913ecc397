import { expect } from 'chai';
import { openProgramNamespace, type ProgramNamespace } from '../support/namespace.ts';

describe('the examples', () => {
  let namespace: ProgramNamespace;

  beforeEach(async () => {
    namespace = await openProgramNamespace();
  });
  afterEach(() => namespace.close());

  it('ban.mjs bans addresses for a while, puts its rules back, and leaves nothing behind', async () => {
    const program = new URL('../../examples/ban.mjs', import.meta.url).pathname;

    const output = await namespace.sh(`${process.execPath} ${program}`);

    const lines = output.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).to.deep.equal([
      { banned: '192.0.2.7', minutes: 60, packets: 0 },
      { banned: '2001:db8::7', minutes: 1440, packets: 0 },
      { rules: ['@banned4 drop', '@banned6 drop'] },
      { deleted: true },
    ]);
    expect(await namespace.sh('nft list ruleset')).to.equal('');
  });
});
