import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { createForwardAcceptance } from '../../src/index.ts';
import { type FilterStage, openFilterStage, ping } from '../support/stage.ts';

/** What firewalld 1.3.3 had in the kernel: as installed, and after the commands of the README. */
const recorded = (name: string): string => readFileSync(new URL(`../golden/${name}.nft`, import.meta.url), 'utf8');

describe('forward acceptance beside firewalld', () => {
  let stage: FilterStage;
  before(async function () {
    this.timeout(20_000);
    stage = await openFilterStage();
  });
  after(() => stage.close());

  const load = async (name: string): Promise<void> => {
    const result = await stage.host.run(
      ['nft', '-f', '-'],
      `table inet firewalld {}; delete table inet firewalld\n${recorded(name)}`,
    );
    expect(result?.exitCode, result?.stderr).to.equal(0);
  };
  const outcomes = async (): Promise<{ ensure: string; in: string; out: string }> => {
    const run = (argv: readonly [string, ...string[]], input?: string) => stage.host.run(argv, input);
    const uplinks = (): Promise<string[]> => Promise.resolve(['eth0']);
    const ensure = await createForwardAcceptance({ run, uplinks }, { linkPrefix: 'vethr' }).ensure();
    const [into, out] = [await ping(stage.client, '10.1.0.2'), await ping(stage.one, '10.9.0.2')];
    return { ensure, in: into, out };
  };

  it('says that it is overruled, as it is, until firewalld has policies for the links', async () => {
    expect(await outcomes()).to.deep.equal({ ensure: 'installed', in: 'answer', out: 'answer' });

    await load('firewalld');
    expect(await outcomes()).to.deep.equal({ ensure: 'overruled by firewalld', in: 'prohibited', out: 'prohibited' });

    await load('firewalld-policies');
    expect(await outcomes()).to.deep.equal({ ensure: 'present', in: 'answer', out: 'answer' });
  });
});
