import { expect } from 'chai';
import {
  type CommandRunner,
  type ConnectionMarks,
  createConnectionMarks,
  type MarkedTraffic,
  type RulesetWatch,
  watchRuleset,
} from '../../src/index.ts';
import { openProgramNamespace, type ProgramNamespace } from '../support/namespace.ts';
import { until } from '../support/until.ts';

const traffic: MarkedTraffic = {
  prefixes: ['10.1.0.0/16', 'fd00:1::/64'],
  uplinks: ['eth0'],
  takenOver: [],
  previousMacs: [],
};

/** Long for a machine that does much else; alone it takes some 50 ms. */
const REPAIRED_MS = 2_000;

describe('connection marks that somebody damages', () => {
  let namespace: ProgramNamespace;
  let watch: RulesetWatch;
  let marks: ConnectionMarks;
  let spawned: string[];
  let heard: number;

  const run: CommandRunner = (argv, input, onStart) => {
    spawned.push(argv.slice(0, 2).join(' '));
    return namespace.run(argv, input, onStart);
  };
  const table = (): Promise<string> => namespace.sh('nft list table inet routed_marks');
  /** Until what was done has been heard of. */
  const settled = async (): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, 100));
  };

  beforeEach(async () => {
    namespace = await openProgramNamespace();
    watch = (await watchRuleset({ netns: namespace.netns, markTable: 'routed_marks' }))!;
    marks = createConnectionMarks({ run, watch }, { table: 'routed_marks', linkPrefix: 'vethr' });
    spawned = [];
    heard = 0;
    watch.on('damage', (rules) => (heard += rules === 'marks' ? 1 : 0));
    await marks.ensure(traffic);
    await settled();
  });
  afterEach(async () => {
    await watch.close();
    await namespace.close();
  });

  it('run nothing while nothing changes, and hear of nothing that they did themselves', async () => {
    expect(spawned).to.deep.equal(['nft -f', 'nft list']);
    spawned = [];

    for (let round = 0; round < 3; round++) await marks.ensure(traffic);
    await namespace.sh('nft add table ip other; nft delete table ip other');
    await settled();
    await marks.ensure(traffic);

    expect(spawned).to.deep.equal([]);
    expect(heard).to.equal(0);
  });

  it('load other traffic once, and then run nothing', async () => {
    spawned = [];
    const more = { ...traffic, prefixes: [...traffic.prefixes, '10.9.0.0/16'] };
    await marks.ensure(more);
    await settled();
    await marks.ensure(more);

    expect(spawned).to.deep.equal(['nft -f', 'nft list']);
    expect(heard).to.equal(0);
    expect(await table()).to.contain('10.9.0.0/16');
  });

  it('go without being heard of, and come back', async () => {
    await marks.remove();
    await settled();
    expect(heard).to.equal(0);

    await marks.ensure(traffic);
    await settled();

    expect(heard).to.equal(0);
    expect(await table()).to.contain('10.1.0.0/16');
  });

  for (const [what, command] of [
    ['the table goes', 'nft delete table inet routed_marks'],
    ['rules go', 'nft flush chain inet routed_marks prerouting'],
    ['prefixes go', 'nft flush set inet routed_marks prefixes4'],
    ['an uplink is added', 'nft add element inet routed_marks uplinks "{ eth9 }"'],
    ['a rule is put before ours', 'nft insert rule inet routed_marks output accept'],
    ['the table sleeps', 'nft "add table inet routed_marks { flags dormant; }"'],
  ] as const) {
    it(`are as they were when ${what}`, async () => {
      const intact = await table();
      await namespace.sh(command);
      await until(() => heard > 0, 'damage', REPAIRED_MS);

      await marks.ensure(traffic);

      expect(await table()).to.equal(intact);
    });
  }
});
