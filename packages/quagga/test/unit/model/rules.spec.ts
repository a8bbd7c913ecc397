import { expect } from 'chai';
import { formatPath } from '../../../src/errors.ts';
import { checkFleet } from '../../../src/validation/fleet.ts';
import { inspectModel, parseModel } from '../../../src/validation/validate.ts';
import { ANNOUNCEMENT_CASES } from '../../support/announcement-cases.ts';
import { KEY_CASES, ROLL_OVER } from '../../support/key-cases.ts';
import { BGP, CASES, OSPF, eth1, peer } from '../../support/rule-cases.ts';

function findings(input: unknown): string[] {
  return inspectModel(input).diagnostics.map(
    ({ severity, path, message }) => `${severity} ${formatPath(path)}: ${message}`,
  );
}

describe('model rules', () => {
  for (const [rule, input, finding] of [...CASES, ...ANNOUNCEMENT_CASES, ...KEY_CASES])
    it(`${rule}: ${finding}`, () => {
      const found = findings(input).map((text) => text.replace(/^error : /, 'error input: '));

      expect(found.join('\n')).to.include(finding);
    });

  it('accept a plain OSPF and a plain BGP host, and keys that follow each other, without a word', () => {
    expect(findings(OSPF)).to.deep.equal([]);
    expect(findings(BGP)).to.deep.equal([]);
    expect(findings(ROLL_OVER)).to.deep.equal([]);
  });

  it('know no peer group that only every object has', () => {
    expect(findings(peer({ peerGroup: 'constructor' })).join()).to.include('peer group constructor does not exist');
  });

  it('never quote a secret', () => {
    const secret = 'my secret pass phrase that is far too long for OSPF';

    const found = findings(eth1({ authentication: { type: 'simple', key: secret } })).join('\n');

    expect(found).to.include('authentication.key').and.not.include('pass phrase');
  });

  it('throw one error that lists every finding with its path', () => {
    expect(() => parseModel({ ...OSPF, routerId: 'x', hostname: '-' })).to.throw(
      /routerId: .*\nhostname: |hostname: .*\nrouterId: /,
    );
  });
});

describe('checkFleet', () => {
  const a = parseModel(OSPF).model;
  const b = parseModel({ ...eth1({ helloIntervalSec: 1, deadIntervalSec: 4 }), routerId: '10.0.0.2' }).model;

  it('refuses a router id that two hosts have', () => {
    expect(checkFleet({ h1: a, h2: a })).to.deep.equal([
      { severity: 'error', path: ['h2', 'routerId'], message: '10.0.0.1 is also the router id of h1' },
    ]);
  });

  it('warns of timers that differ on one segment', () => {
    expect(checkFleet({ h1: a, h2: b }).map(({ path }) => formatPath(path))).to.deep.equal([
      'h2.interfaces.eth1.ospf.helloIntervalSec',
      'h2.interfaces.eth1.ospf.deadIntervalSec',
    ]);
  });
});
