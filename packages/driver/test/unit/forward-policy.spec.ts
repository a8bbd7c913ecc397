import type { ForwardPolicies, ForwardProgram, Policy } from '@routed/netfilter';
import { expect } from 'chai';
import sinon from 'sinon';
import { createNetwork, dockerId, type WiredDaemon, wiredDaemon, type WiredSettings } from './support/wired.ts';

const NetworkID = dockerId('c98909');
const forwarding = 'net/ipv4/ip_forward';

describe('the policy of FORWARD', () => {
  let daemon: WiredDaemon;
  let policies: Record<ForwardProgram, Policy>;
  let dockerChains: Set<ForwardProgram>;
  /** What was done, in order. */
  let log: string[];
  const firewall: ForwardPolicies = {
    read: (program) => Promise.resolve(policies[program]),
    write: (program, policy) => {
      log.push(`${program} ${policy}`);
      policies[program] = policy;
      return Promise.resolve();
    },
    hasDockerChain: (program) => Promise.resolve(dockerChains.has(program)),
  };

  beforeEach(async () => {
    policies = { iptables: 'ACCEPT', ip6tables: 'ACCEPT' };
    dockerChains = new Set();
    log = [];
    await startDaemon({});
    const { netns } = daemon.kernel;
    const write = netns.writeSysctl.bind(netns);
    netns.writeSysctl = (key, value) => {
      log.push(`${key} ${value}`);
      return write(key, value);
    };
  });

  async function startDaemon(settings: WiredSettings): Promise<void> {
    daemon = await wiredDaemon({ policies: firewall, ...settings });
  }

  async function addBridge(...addresses: readonly string[]): Promise<void> {
    const { index } = await daemon.kernel.links.createBridge({ name: 'docker0', isUp: true });
    for (const address of addresses) await daemon.kernel.addresses.add({ linkIndex: index, address });
  }

  const successor = (settings: WiredSettings): Promise<void> =>
    startDaemon({ kernel: daemon.kernel, state: daemon.state, ...settings });
  const removeNetwork = () => daemon.call('NetworkDriver.DeleteNetwork', { NetworkID });

  it('is DROP before forwarding is on, and as it was after forwarding is off', async () => {
    await daemon.parts.host.start();
    expect(log).to.deep.equal(['iptables DROP', `${forwarding} 1`]);
    log.length = 0;

    await daemon.parts.networks.leaveHost();

    expect(log).to.deep.equal([`${forwarding} 0`, 'iptables ACCEPT']);
  });

  it('is left alone where forwarding was on before', async () => {
    await daemon.kernel.netns.writeSysctl(forwarding, '1');
    log.length = 0;

    await createNetwork(daemon);

    expect(log).to.deep.equal([]);
  });

  it('goes family by family', async () => {
    await createNetwork(daemon);
    expect(policies).to.deep.equal({ iptables: 'DROP', ip6tables: 'ACCEPT' });

    await createNetwork(daemon, { id: dockerId('aaaa'), subnet: 'fd00:1::/64' });

    expect(policies).to.deep.equal({ iptables: 'DROP', ip6tables: 'DROP' });
  });

  it('stays while others need forwarding, after the last network too', async () => {
    dockerChains.add('iptables');
    await createNetwork(daemon);
    await addBridge('172.17.0.1/16');

    await removeNetwork();

    expect(policies.iptables).to.equal('DROP');
  });

  it('that an operator has changed since is left alone', async () => {
    await createNetwork(daemon);
    policies.iptables = 'ACCEPT';
    await daemon.parts.networks.prepareHost();
    expect(policies.iptables).to.equal('ACCEPT');

    policies.iptables = 'DROP';
    await daemon.state.ledger.save([]);
    await successor({});
    await daemon.parts.host.start();
    await daemon.parts.networks.leaveHost();

    expect(policies.iptables).to.equal('DROP');
  });

  it('keeps forwarding off where it cannot be set', async () => {
    const write = sinon.stub(firewall, 'write').rejects(new Error('iptables refused'));

    const failure = await createNetwork(daemon).catch((error: unknown) => String(error));

    expect(failure).to.match(/FORWARD \(iptables\) is ACCEPT and cannot be set .*run "iptables -P FORWARD DROP"/);
    expect(log).to.not.include(`${forwarding} 1`);
    write.restore();
  });

  describe('on a host with a bridge of Docker', () => {
    beforeEach(async () => {
      await createNetwork(daemon);
      await addBridge('172.17.0.1/16', 'fd07::1/64');
    });

    it('stays DROP while the engine does not answer yet, whatever its chains', async () => {
      await daemon.parts.networks.prepareHost();

      expect(policies.iptables).to.equal('DROP');
    });

    it('stays DROP where the engine filters, also when its chains are gone for a moment', async () => {
      dockerChains.add('iptables');
      await successor({ isEngineUp: true });
      await daemon.parts.networks.prepareHost();
      dockerChains.clear();

      await daemon.parts.networks.prepareHost();

      expect(policies.iptables).to.equal('DROP');
    });

    it('is given back where a running engine does not filter, and stays so', async () => {
      await successor({ isEngineUp: true });
      await daemon.parts.networks.prepareHost();
      expect(policies.iptables).to.equal('ACCEPT');
      dockerChains.add('iptables');

      await daemon.parts.networks.prepareHost();

      expect(policies.iptables).to.equal('ACCEPT');
    });

    it('is given back for IPv6 alone where the engine leaves ip6tables alone', async () => {
      dockerChains.add('iptables');
      await createNetwork(daemon, { id: dockerId('aaaa'), subnet: 'fd00:1::/64' });
      expect(policies).to.deep.equal({ iptables: 'DROP', ip6tables: 'DROP' });

      await successor({ isEngineUp: true });
      await daemon.parts.networks.prepareHost();

      expect(policies).to.deep.equal({ iptables: 'DROP', ip6tables: 'ACCEPT' });
    });
  });
});
