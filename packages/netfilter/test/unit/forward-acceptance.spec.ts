import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import {
  type CommandRunner,
  createForwardAcceptance,
  forwardRules,
  isNetfilterError,
  type RulesetWatch,
  type RulesetWatchEvents,
  runCommand,
} from '../../src/index.ts';

const uplinks = (): Promise<string[]> => Promise.resolve(['eth0']);

describe('forward acceptance', () => {
  it('reports a host without iptables instead of failing', async () => {
    const acceptance = createForwardAcceptance(
      { run: () => Promise.resolve(undefined), uplinks },
      { linkPrefix: 'vethr' },
    );

    expect(await acceptance.ensure()).to.equal('unavailable');
    await acceptance.remove();
  });

  it('says what the firewall program said when it refuses', async () => {
    const run = () => Promise.resolve({ exitCode: 4, stdout: '', stderr: 'Another app holds the xtables lock.\n' });

    const error: unknown = await createForwardAcceptance({ run, uplinks }, { linkPrefix: 'vethr' })
      .ensure()
      .catch((thrown: unknown) => thrown);

    expect(isNetfilterError(error)).to.equal(true);
    expect(String(error)).to.contain('iptables-restore').and.to.contain('Another app holds the xtables lock.');
  });
});

describe('forward acceptance that looks', () => {
  const listing = (chain: readonly string[]): string =>
    ['-P FORWARD DROP', '-N ROUTED-FORWARD', '-A FORWARD -j ROUTED-FORWARD', ...chain, ''].join('\n');

  it('runs each program once, and restores only the family that lacks something', async () => {
    const calls: string[] = [];
    const run: CommandRunner = (argv) => {
      calls.push(argv.join(' '));
      const rules = argv[0] === 'ip6tables' ? [] : forwardRules('vethr', ['eth0']);
      return Promise.resolve({ exitCode: argv[0] === 'nft' ? 1 : 0, stdout: listing(rules), stderr: '' });
    };

    expect(await createForwardAcceptance({ run, uplinks }, { linkPrefix: 'vethr' }).ensure()).to.equal('installed');

    expect(calls).to.have.members([
      'iptables --wait --list-rules',
      'ip6tables --wait --list-rules',
      'nft --stateless list table inet firewalld',
      'ip6tables-restore --wait --noflush',
    ]);
  });

  it('looks at its own chain where the table cannot be listed', async () => {
    const run: CommandRunner = (argv) => {
      const isWhole = argv.at(-1) === '--list-rules' || argv[0] === 'nft';
      const stdout = argv.includes('--list-rules') ? listing(forwardRules('vethr', ['eth0'])) : '';
      if (isWhole) return Promise.resolve({ exitCode: 1, stdout: '', stderr: 'table filter is incompatible' });
      return Promise.resolve({ exitCode: 0, stdout: stdout.replace('-A FORWARD -j ROUTED-FORWARD\n', ''), stderr: '' });
    };

    expect(await createForwardAcceptance({ run, uplinks }, { linkPrefix: 'vethr' }).ensure()).to.equal('present');
  });
});

describe('forward acceptance with a watch', () => {
  /** An iptables that has the rules already; `variant` is what it calls itself. */
  function intact(variant: string): { run: CommandRunner; calls: () => number } {
    let calls = 0;
    const run: CommandRunner = (argv) => {
      calls += 1;
      const stdout = argv.includes('--version')
        ? `iptables v1.8.9 (${variant})`
        : ['-N ROUTED-FORWARD', ...forwardRules('vethr', ['eth0']), ''].join('\n');
      return Promise.resolve({ exitCode: 0, stdout, stderr: '' });
    };
    return { run, calls: () => calls };
  }
  class Watch extends EventEmitter<RulesetWatchEvents> implements RulesetWatch {
    isDeaf = false;
    ignore = (): void => undefined;
    close = (): Promise<void> => Promise.resolve();
    [Symbol.asyncDispose] = this.close;
  }

  it('runs iptables again only after damage', async () => {
    const { run, calls } = intact('nf_tables');
    const watch = new Watch();
    const acceptance = createForwardAcceptance({ run, uplinks, watch }, { linkPrefix: 'vethr' });
    await acceptance.ensure();
    const once = calls();

    watch.emit('damage', 'filters');
    await acceptance.ensure();
    expect(calls()).to.equal(once);
    watch.emit('damage', 'forward');
    await acceptance.ensure();

    expect(calls()).to.be.greaterThan(once);
  });

  it('does not trust what it looked at while damage was done', async () => {
    const { run, calls } = intact('nf_tables');
    const watch = new Watch();
    const damaging: CommandRunner = (argv) => {
      if (argv.includes('--list-rules')) watch.emit('damage', 'forward');
      return run(argv);
    };
    const acceptance = createForwardAcceptance({ run: damaging, uplinks, watch }, { linkPrefix: 'vethr' });
    await acceptance.ensure();
    const once = calls();

    await acceptance.ensure();

    expect(calls()).to.be.greaterThan(once);
  });

  it('looks every time where changes are told to nobody: iptables-legacy, a deaf watch', async () => {
    const deaf = new Watch();
    deaf.isDeaf = true;
    for (const [variant, watch] of [
      ['legacy', new Watch()],
      ['nf_tables', deaf],
    ] as const) {
      const { run, calls } = intact(variant);
      const acceptance = createForwardAcceptance({ run, uplinks, watch }, { linkPrefix: 'vethr' });
      await acceptance.ensure();
      const once = calls();

      await acceptance.ensure();

      expect(calls(), variant).to.be.greaterThan(once);
    }
  });
});

describe('runCommand', () => {
  it('hands input to the program and returns its output and exit code', async () => {
    expect(await runCommand(['cat'], 'text')).to.deep.equal({ exitCode: 0, stdout: 'text', stderr: '' });
    expect(await runCommand(['sh', '-c', 'echo bad >&2; exit 3'])).to.deep.equal({
      exitCode: 3,
      stdout: '',
      stderr: 'bad\n',
    });
  });

  it('says which signal ended a program', async () => {
    expect(await runCommand(['sh', '-c', 'echo cut short >&2; kill -SEGV $$'])).to.deep.equal({
      exitCode: 139,
      signal: 'SIGSEGV',
      stdout: '',
      stderr: 'cut short\n',
    });
  });

  it('returns undefined for a program that is not installed', async () => {
    expect(await runCommand(['no-such-program-here'])).to.equal(undefined);
  });
});
