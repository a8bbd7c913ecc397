import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { type CommandRunner, createForwardAcceptance, type RulesetWatch, watchRuleset } from '../../src/index.ts';
import { openProgramNamespace, type ProgramNamespace } from '../support/namespace.ts';
import { until } from '../support/until.ts';

const execute = promisify(execFile);
const prefix = { linkPrefix: 'vethr' };

describe('forward acceptance on a real firewall', () => {
  let namespace: ProgramNamespace;
  let uplinks: string[];
  let spawned: string[];
  const run: CommandRunner = (argv, input) => {
    spawned.push(argv.join(' '));
    return namespace.run(argv, input);
  };
  const accept = (watch?: RulesetWatch): ReturnType<typeof createForwardAcceptance> =>
    createForwardAcceptance({ run, uplinks: () => Promise.resolve(uplinks), watch }, prefix);

  before(async () => {
    await execute('iptables', ['--version']).catch(() => {
      throw new Error('iptables is missing: run tools/setup');
    });
  });
  beforeEach(async () => {
    namespace = await openProgramNamespace();
    uplinks = ['eth0', 'wg0'];
    spawned = [];
  });
  afterEach(() => namespace.close());

  const rules = (): Promise<string> => namespace.sh('iptables -S; ip6tables -S');

  it('accepts what containers may send and receive, in both families, behind what is already there', async () => {
    await namespace.sh('iptables -P FORWARD DROP; iptables -A FORWARD -s 192.0.2.0/24 -j DROP');

    expect(await accept().ensure()).to.equal('installed');

    const ours = [
      '-A ROUTED-FORWARD -o vethr+ -j ACCEPT',
      '-A ROUTED-FORWARD -i vethr+ -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
      '-A ROUTED-FORWARD -i vethr+ -o eth0 -j ACCEPT',
      '-A ROUTED-FORWARD -i vethr+ -o wg0 -j ACCEPT',
    ];
    const lines = (await namespace.sh('iptables -S')).split('\n').filter((line) => line.startsWith('-A'));
    expect(lines).to.deep.equal(['-A FORWARD -s 192.0.2.0/24 -j DROP', '-A FORWARD -j ROUTED-FORWARD', ...ours]);
    expect(await namespace.sh('ip6tables -S')).to.contain(ours.join('\n'));
  });

  it('changes nothing when repeated', async () => {
    const acceptance = accept();
    await acceptance.ensure();
    const once = await rules();

    expect(await acceptance.ensure()).to.equal('present');

    expect(await rules()).to.equal(once);
  });

  it('accepts what has a mark for as long as it is asked to, in both families', async () => {
    const acceptance = accept();
    const rule = '-A ROUTED-FORWARD -m mark --mark 0x8000000/0x8000000 -j ACCEPT';
    await acceptance.ensure();

    expect(await acceptance.acceptMarked(0x0800_0000)).to.equal('installed');
    expect((await rules()).split(rule)).to.have.lengthOf(3);
    expect(await acceptance.ensure()).to.equal('present');
    expect(await acceptance.acceptMarked(0)).to.equal('installed');

    expect(await rules()).not.to.contain('mark');
  });

  it('follows the uplinks', async () => {
    const acceptance = accept();
    await acceptance.ensure();
    uplinks = ['wg0'];

    expect(await acceptance.ensure()).to.equal('installed');

    expect(await rules())
      .to.contain('-o wg0')
      .and.to.not.contain('-o eth0');
  });

  it('replaces the rules of an earlier version', async () => {
    const acceptance = accept();
    await acceptance.ensure();
    const intact = await rules();
    await namespace.sh(
      'iptables -F ROUTED-FORWARD; iptables -A ROUTED-FORWARD -i vethr+ -j ACCEPT; iptables -A ROUTED-FORWARD -o vethr+ -j ACCEPT',
    );

    await acceptance.ensure();

    expect(await rules()).to.equal(intact);
  });

  for (const damage of [
    'iptables -F ROUTED-FORWARD',
    'iptables -D ROUTED-FORWARD -o vethr+ -j ACCEPT',
    'iptables -D FORWARD -j ROUTED-FORWARD',
    'iptables -F',
    'ip6tables -F',
    'nft flush ruleset',
    'printf "*filter\\n:FORWARD DROP\\nCOMMIT\\n" | iptables-restore',
  ]) {
    it(`hears of "${damage}" and repairs it`, async () => {
      await using watch = await watchRuleset({ netns: namespace.netns });
      const acceptance = accept(watch);
      await acceptance.ensure();
      const intact = (await rules()).replaceAll('FORWARD ACCEPT', 'FORWARD DROP');
      let isHeard = false;
      watch!.on('damage', () => (isHeard = true));

      await namespace.sh(damage);
      await until(() => isHeard, 'damage');

      expect(await acceptance.ensure()).to.equal('installed');
      expect((await rules()).replaceAll('FORWARD ACCEPT', 'FORWARD DROP')).to.equal(intact);
    });
  }

  it('runs no program while nothing was taken away, whatever else happens in the firewall', async () => {
    await using watch = await watchRuleset({ netns: namespace.netns });
    const acceptance = accept(watch);
    await acceptance.ensure();
    spawned = [];

    await namespace.sh(
      'iptables -N OTHER; iptables -I FORWARD -j OTHER; iptables -A OTHER -j RETURN; iptables -F OTHER',
    );
    await namespace.sh('nft add table inet other; nft delete table inet other');
    await new Promise((resolve) => setTimeout(resolve, 100));

    expect(await acceptance.ensure()).to.equal('present');
    expect(spawned).to.deep.equal([]);
  });

  it('comes to rest after repairs of its own', async () => {
    await using watch = await watchRuleset({ netns: namespace.netns });
    const acceptance = accept(watch);
    await acceptance.ensure();
    let heard = 0;
    watch!.on('damage', () => (heard += 1));
    await namespace.sh('iptables -D FORWARD -j ROUTED-FORWARD');
    await until(() => heard > 0, 'damage');

    const outcomes: string[] = [];
    for (let round = 0; round < 4; round++) {
      outcomes.push(await acceptance.ensure());
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    spawned = [];
    await acceptance.ensure();

    expect(outcomes).to.deep.equal(['installed', 'present', 'present', 'present']);
    expect(spawned).to.deep.equal([]);
  });

  it('removes every trace, also when there is none', async () => {
    const before = await rules();
    const acceptance = accept();
    await acceptance.ensure();

    await acceptance.remove();
    await acceptance.remove();

    expect(await rules()).to.equal(before);
  });
});

describe('a watch of the ruleset', () => {
  it('hears nothing after it was closed', async () => {
    const namespace = await openProgramNamespace();
    try {
      const closed = (await watchRuleset({ netns: namespace.netns }))!;
      await using open = (await watchRuleset({ netns: namespace.netns }))!;
      let heardByClosed = 0;
      let heardByOpen = 0;
      closed.on('damage', () => (heardByClosed += 1));
      open.on('damage', () => (heardByOpen += 1));
      await closed.close();

      await namespace.sh('iptables -A FORWARD -j ACCEPT; iptables -F FORWARD');
      await until(() => heardByOpen > 0, 'damage');

      expect(heardByClosed).to.equal(0);
    } finally {
      await namespace.close();
    }
  });
});
