import { expect } from 'chai';
import { CONNECTION_MARKS, createConnectionMarks, isNetfilterError, type MarkedTraffic } from '../../src/index.ts';
import { marksScript } from '../../src/marks/marks-script.ts';

const NAMES = { table: 'routed_marks', linkPrefix: 'vethr' };
const traffic: MarkedTraffic = { prefixes: ['10.1.0.0/16', 'fd00:1::/64'], uplinks: ['eth0'], takenOver: [] };

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
});
