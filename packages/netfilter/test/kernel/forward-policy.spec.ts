import { expect } from 'chai';
import { createForwardPolicies, type ForwardPolicies, isNetfilterError } from '../../src/index.ts';
import { openProgramNamespace, type ProgramNamespace } from '../support/namespace.ts';

describe('the policies of FORWARD on a real firewall', () => {
  let namespace: ProgramNamespace;
  let policies: ForwardPolicies;
  beforeEach(async () => {
    namespace = await openProgramNamespace();
    policies = createForwardPolicies({ run: (argv, input) => namespace.run(argv, input) });
  });
  afterEach(() => namespace.close());

  it('are read and written, each by itself, also where there was no rule before', async () => {
    expect(await policies.read('iptables')).to.equal('ACCEPT');

    await policies.write('iptables', 'DROP');

    expect([await policies.read('iptables'), await policies.read('ip6tables')]).to.deep.equal(['DROP', 'ACCEPT']);
    await policies.write('iptables', 'ACCEPT');
    expect(await policies.read('iptables')).to.equal('ACCEPT');
  });

  it('are read among rules that look like them', async () => {
    await namespace.sh(
      'ip6tables -P FORWARD DROP; ip6tables -A FORWARD -m comment --comment "-P FORWARD ACCEPT" -j ACCEPT',
    );

    expect(await policies.read('ip6tables')).to.equal('DROP');
  });

  it('know where Docker filters', async () => {
    await namespace.sh('iptables -N DOCKER; ip6tables -N DOCKER-LIKE');

    expect(await policies.hasDockerChain('iptables')).to.equal(true);
    expect(await policies.hasDockerChain('ip6tables')).to.equal(false);
  });

  it('are none without the program, which refuses nothing and sets nothing', async () => {
    const without = createForwardPolicies({ run: () => Promise.resolve(undefined) });

    expect(await without.read('iptables')).to.equal(undefined);
    expect(await without.hasDockerChain('iptables')).to.equal(false);
    const failure = await without.write('iptables', 'DROP').catch((error: unknown) => error);
    expect(isNetfilterError(failure, 'FIREWALL_REFUSED')).to.equal(true);
  });
});
