import { expect } from 'chai';
import { EventEmitter } from 'node:events';
import {
  CONNECTION_MARKS,
  type CommandRunner,
  createConnectionMarks,
  isNetfilterError,
  type MarkedTraffic,
  type RulesetWatch,
} from '../../src/index.ts';
import { marksScript } from '../../src/marks/marks-script.ts';

const NAMES = { table: 'routed_marks', linkPrefix: 'vethr' };
const traffic: MarkedTraffic = {
  prefixes: ['10.1.0.0/16', 'fd00:1::/64'],
  uplinks: ['eth0'],
  takenOver: [],
  previousMacs: [],
};

describe('marksScript', () => {
  it('puts each family into its own set, and leaves empty sets without elements', () => {
    const script = marksScript(traffic, NAMES);

    expect(script).to.contain(
      'set prefixes4 { type ipv4_addr; flags interval; auto-merge; elements = { 10.1.0.0/16 }; }',
    );
    expect(script).to.contain(
      'set prefixes6 { type ipv6_addr; flags interval; auto-merge; elements = { fd00:1::/64 }; }',
    );
    expect(script).to.contain('set taken_over4 { type ipv4_addr; flags interval; auto-merge; }');
  });

  it('takes the mark of an earlier connection from one that begins with the same ports', () => {
    expect(marksScript({ ...traffic, takenOver: ['10.1.0.5'] }, NAMES)).to.contain(
      'meta l4proto tcp tcp flags & (syn | ack) == syn ct mark & 134217728 != 0 ct mark set ct mark & 4093640703',
    );
  });

  it('changes its own two bits of a mark, and no other', () => {
    const { opened, elsewhere } = CONNECTION_MARKS;
    for (const [, change = ''] of marksScript(traffic, NAMES).matchAll(/mark set (?:ct|meta) mark ([|&] \d+)/g)) {
      const [operator, operand] = change.split(' ');
      const touched = operator === '|' ? Number(operand) : ~Number(operand) >>> 0;
      expect(touched & ~(opened | elsewhere), change).to.equal(0);
    }
  });

  for (const [what, wrong] of [
    ['a prefix without length', { prefixes: ['10.1.0.0'] }],
    ['a prefix that is too long', { prefixes: ['10.1.0.0/33'] }],
    ['rules in the place of a prefix', { prefixes: ['10.1.0.0/16 }; } delete table'] }],
    ['an address that is none', { takenOver: ['10.1.0'] }],
    ['a MAC address that is none', { previousMacs: ['02:42:0a:00:00'] }],
    ['a pattern of links', { uplinks: ['eth*'] }],
    ['a link name with quotes', { uplinks: ['a"b'] }],
  ] as const) {
    it(`refuses ${what}`, () => {
      let thrown: unknown;
      try {
        marksScript({ ...traffic, ...wrong }, NAMES);
      } catch (error) {
        thrown = error;
      }
      expect(isNetfilterError(thrown, 'FILTER_INVALID')).to.equal(true);
    });
  }
});

describe('createConnectionMarks', () => {
  it('says what to install where nft is missing', async () => {
    const marks = createConnectionMarks({ run: () => Promise.resolve(undefined) }, NAMES);

    const error: unknown = await marks.ensure(traffic).catch((thrown: unknown) => thrown);

    expect(isNetfilterError(error, 'NFT_MISSING')).to.equal(true);
    expect(String(error)).to.contain('install the package nftables');
    await marks.remove();
  });

  describe('with a watch', () => {
    const watch = Object.assign(new EventEmitter(), { isDeaf: false }) as unknown as RulesetWatch & EventEmitter;
    let commands: string[];
    let listing: string;
    const run: CommandRunner = (argv) => {
      commands.push(argv.slice(0, 2).join(' '));
      const stdout = argv[1] === 'list' ? listing : '';
      return Promise.resolve({ exitCode: 0, stdout, stderr: '' });
    };
    beforeEach(() => {
      commands = [];
      listing = 'as loaded';
    });

    it('runs nothing in rounds, once it has seen that what it heard of was itself', async () => {
      const marks = createConnectionMarks({ run, watch }, NAMES);
      await marks.ensure(traffic);
      watch.emit('damage', 'marks');
      await marks.ensure(traffic);
      expect(commands).to.deep.equal(['nft -f', 'nft list', 'nft list']);

      for (let round = 0; round < 3; round++) await marks.ensure(traffic);
      watch.emit('damage', 'filters');
      await marks.ensure(traffic);

      expect(commands).to.have.length(3);
    });

    it('loads again what differs, and what is gone', async () => {
      const marks = createConnectionMarks({ run, watch }, NAMES);
      await marks.ensure(traffic);
      commands = [];

      listing = 'damaged';
      watch.emit('damage', 'marks');
      await marks.ensure(traffic);

      expect(commands).to.deep.equal(['nft list', 'nft -f', 'nft list']);
    });

    it('looks each time when the watch is deaf', async () => {
      const deaf = Object.assign(new EventEmitter(), { isDeaf: true }) as unknown as RulesetWatch;
      const marks = createConnectionMarks({ run, watch: deaf }, NAMES);
      await marks.ensure(traffic);
      commands = [];

      await marks.ensure(traffic);
      await marks.ensure(traffic);

      expect(commands).to.deep.equal(['nft list', 'nft list']);
    });
  });
});
