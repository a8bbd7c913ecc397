import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { applyConfiguration, planConfiguration } from '../../src/apply/apply.ts';
import { type Pair, closeSharedPairs, sharedPair } from '../support/pair.ts';

const RAW = {
  raw: { ospfd: 'router ospf\n distance 90\n', zebra: 'ip prefix-list MINE seq 5 permit 10.9.0.0/16\n' },
};

after(closeSharedPairs);

describe('raw lines on a running router', function () {
  this.timeout(60_000);
  let pair: Pair;
  before(async () => {
    pair = await sharedPair('OSPF');
  });
  after(() => pair.own.load('router ospf\n no refresh timer\nexit\n'));

  const running = async (): Promise<string> => (await pair.own.command('ospfd', 'show running-config')).text;
  const file = (): Promise<string> => readFile(join(pair.own.configDir, 'frr.conf'), 'utf8');
  const refusal = (text: string): Promise<unknown> =>
    applyConfiguration(pair.config({ raw: { ospfd: text } }), { ...pair.own, acceptUnknown: true }).catch(String);

  it('are unknown, and refused until that is accepted', async () => {
    const { effect } = await planConfiguration(pair.config(RAW), pair.own);
    const refused = await applyConfiguration(pair.config(RAW), pair.own).catch(String);

    expect(effect).to.equal('unknown');
    expect(refused).to.include('accept unknown effects').and.to.include('+ distance 90 (unknown: ');
    expect(await running()).not.to.include('distance 90');
  });

  it('run, and stand in the file; then nothing is left to do', async () => {
    await applyConfiguration(pair.config(RAW), { ...pair.own, acceptUnknown: true });

    expect(await running()).to.include('\n distance 90\n');
    expect(await file())
      .to.include('\n distance 90\n')
      .and.to.include('prefix-list MINE seq 5');
    const { changes, drift } = await planConfiguration(pair.config(RAW), pair.own);
    expect({ changes, drift }).to.deep.equal({ changes: [], drift: [] });
  });

  it('go from router and file with the document; what the operator added stays', async () => {
    await pair.own.load('router ospf\n refresh timer 20\nexit\n');
    await applyConfiguration(pair.config(), { ...pair.own, acceptUnknown: true });

    expect(await running()).not.to.include('distance 90');
    expect(await running()).to.include(' refresh timer 20\n');
    expect(await file()).not.to.match(/distance 90|MINE/);
    expect((await planConfiguration(pair.config(), pair.own)).changes).to.deep.equal([]);
  });

  it('are tried on real daemons first: what these refuse, or do not show, changes nothing', async () => {
    expect(await refusal('router ospf\n no such line\n')).to.include('Unknown command');
    expect(await refusal('router ospf\n refresh timer 10\n')).to.include('refresh timer 10: the daemons do not show');
    expect(await running()).to.include(' refresh timer 20\n');
  });
});
