import { expect } from 'chai';
import { createForwardAcceptance, isNetfilterError, runCommand } from '../../src/index.ts';

describe('forward acceptance', () => {
  it('reports a host without iptables instead of failing', async () => {
    const acceptance = createForwardAcceptance({ run: () => Promise.resolve(undefined) }, { linkPrefix: 'vethr' });

    expect(await acceptance.ensure()).to.equal('unavailable');
    await acceptance.remove();
  });

  it('says what the firewall program said when it refuses', async () => {
    const run = () => Promise.resolve({ exitCode: 4, stdout: '', stderr: 'Another app holds the xtables lock.\n' });

    const error: unknown = await createForwardAcceptance({ run }, { linkPrefix: 'vethr' })
      .ensure()
      .catch((thrown: unknown) => thrown);

    expect(isNetfilterError(error)).to.equal(true);
    expect(String(error)).to.contain('iptables-restore').and.to.contain('Another app holds the xtables lock.');
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

  it('returns undefined for a program that is not installed', async () => {
    expect(await runCommand(['no-such-program-here'])).to.equal(undefined);
  });
});
