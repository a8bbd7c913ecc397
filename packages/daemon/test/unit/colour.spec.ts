import { expect } from 'chai';
import { wrap } from '../../src/cli/doctor.ts';
import { hasColours, terminalColumns } from '../../src/terminal/colour.ts';

describe('colours', () => {
  for (const [what, isTTY, env, expected] of [
    ['a terminal', true, {}, true],
    ['a pipe', false, {}, false],
    ['a terminal where NO_COLOR is set', true, { NO_COLOR: '1' }, false],
    ['a terminal where NO_COLOR is empty', true, { NO_COLOR: '' }, true],
    ['a pipe where FORCE_COLOR is set', false, { FORCE_COLOR: '1' }, true],
    ['a pipe where both are set', false, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
    ['a terminal where FORCE_COLOR is 0', true, { FORCE_COLOR: '0' }, false],
    ['a dumb terminal', true, { TERM: 'dumb' }, false],
  ] as const) {
    it(`are ${expected ? '' : 'not '}shown by ${what}`, () => {
      expect(hasColours({ isTTY }, env)).to.equal(expected);
    });
  }
});

describe('the width of a terminal', () => {
  it('is its own, as far as lines can be read, and ours where there is none', () => {
    expect(terminalColumns(140, { isTTY: true, columns: 80 })).to.equal(80);
    expect(terminalColumns(140, { isTTY: true, columns: 300 })).to.equal(140);
    expect(terminalColumns(140, { isTTY: true, columns: 0 })).to.equal(140);
    expect(terminalColumns(140, { isTTY: false, columns: 80 })).to.equal(140);
  });
});

describe('the text of a finding', () => {
  it('is wrapped between words', () => {
    expect(wrap(['one two three', 'four'], 8)).to.deep.equal(['one two', 'three', 'four']);
  });

  it('keeps a command in quotes in one piece', () => {
    const command = '"sysctl -w net/ipv6/conf/all/disable_ipv6=0"';

    expect(wrap([`run ${command}, and then go`], 20)).to.deep.equal(['run', `${command},`, 'and then go']);
  });

  it('lets a quote without its end be', () => {
    expect(wrap(['an odd " quote here'], 12)).to.deep.equal(['an odd "', 'quote here']);
  });
});
