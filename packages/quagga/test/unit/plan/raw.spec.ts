import { expect } from 'chai';
import { foreignLines } from '../../../src/apply/merge.ts';
import { lostRawLines } from '../../../src/check/raw.ts';
import { commandsOf, planChanges } from '../../../src/plan/plan.ts';
import type { DaemonName } from '../../../src/render/config.ts';
import { mergeTrees, parseConfig } from '../../../src/text/parse.ts';
import { rawPart } from '../../../src/text/raw.ts';
import { parseModel } from '../../../src/validation/validate.ts';
import { render } from '../../../src/render/render.ts';
import { OSPF } from '../../support/rule-cases.ts';

const frrConf = (raw: Record<string, string>): string =>
  render(parseModel({ ...OSPF, raw }).model, 'frr').files[0]!.text;

/** What a plan sends to a daemon that runs what one document said, and is to run what another says. */
function plan(before: string, after: string, daemon: DaemonName): string[] {
  const raw = mergeTrees([rawPart(before), rawPart(after)]);
  const changes = planChanges(new Map([[daemon, parseConfig(before)]]), new Map([[daemon, parseConfig(after)]]), {
    raw,
  });
  return changes.map((change) => `${change.effect}: ${commandsOf(change).slice(1, -1).join(' / ')}`);
}

const COST = { ospfd: 'router ospf\n distance 90\n' };

describe('raw lines of a model', () => {
  it('stand in the file, each in its context', () => {
    expect(frrConf(COST)).to.include('\nrouter ospf\n distance 90\nexit\n');
  });

  it('are added and removed with an unknown effect, also where this tool knows the line', () => {
    const known = { ospfd: 'interface eth7\n ip ospf cost 7\n' };

    expect(plan(frrConf({}), frrConf(COST), 'ospfd')).to.deep.equal(['unknown: router ospf / distance 90']);
    expect(plan(frrConf(COST), frrConf({}), 'ospfd')).to.deep.equal(['unknown: router ospf / no distance 90']);
    expect(plan(frrConf({}), frrConf(known), 'ospfd')).to.deep.equal(['unknown: interface eth7 / ip ospf cost 7']);
  });

  it('go from the file with the document, and the operator’s lines stay', () => {
    const found = `${frrConf(COST)}router ospf\n neighbor 10.0.0.9\nexit\n`;

    expect([...foreignLines(found, frrConf({}))].map(([, { lines }]) => lines)).to.deep.equal([['neighbor 10.0.0.9']]);
  });

  it('a list or a context that only they define goes too', () => {
    const raw = {
      bgpd: 'bgp community-list standard C seq 5 permit 65001:1\nvrf RED\n ip route 10.9.0.0/16 blackhole\n',
    };

    expect(plan(frrConf(raw), frrConf({}), 'bgpd')).to.deep.equal([
      'unknown: vrf RED / no ip route 10.9.0.0/16 blackhole',
      'unknown: no bgp community-list standard C seq 5 permit 65001:1',
    ]);
  });

  it('a line that the daemons do not show as it is written is named, without its secret', () => {
    const loaded = new Map([['ospfd' as const, parseConfig('router ospf\n distance 90\nexit\n')]]);
    const lost = lostRawLines(parseConfig('router ospf\n distance 090\n neighbor 10.0.0.9 password abc\n'), loaded);

    expect(lost.map((text) => text.replace(/: the daemons.*/, ''))).to.deep.equal([
      'raw / router ospf: distance 090',
      'raw / router ospf: neighbor 10.0.0.9 password <hidden>',
    ]);
  });

  for (const [what, text] of [
    ['a control character', 'router ospf\u0000'],
    ['a line separator', 'router ospf\u2028 x'],
    ['a command', 'do clear ip ospf process'],
    ['a request for help', 'router ?'],
    ['the end', 'router ospf\nend\n'],
  ])
    it(`${what} is refused`, () => {
      expect(() => parseModel({ ...OSPF, raw: { ospfd: text } })).to.throw(/raw\.ospfd: contains/);
    });
});
