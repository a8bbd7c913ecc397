import type { SavedSysctls } from '@routed/datapath';
import { memoryUndoLog } from '@routed/store';
import { expect } from 'chai';
import { NetnsError } from '@routed/netns';
import { createNetwork, dockerId, type WiredDaemon, wiredDaemon, type WiredSettings } from './support/wired.ts';

const NetworkID = dockerId('c98909');
const forwarding = 'net/ipv4/ip_forward';
const forwardingIpv6 = 'net/ipv6/conf/all/forwarding';
const acceptRa = 'net/ipv6/conf/eth0/accept_ra';

describe('kernel settings of the host', () => {
  let daemon: WiredDaemon;
  const setting = (key: string): string | undefined => daemon.kernel.inspect().sysctls.get(key);
  const removeNetwork = () => daemon.call('NetworkDriver.DeleteNetwork', { NetworkID });

  beforeEach(async () => {
    daemon = await wiredDaemon();
    await addUplink();
  });

  /** A network card of a host that is a container itself. */
  async function addUplink(): Promise<void> {
    const { index } = await daemon.kernel.links.createVeth({ name: 'eth0', isUp: true, peer: { name: 'far' } });
    await daemon.kernel.routes.add({ destination: '::/0', linkIndex: index });
    await daemon.kernel.netns.writeSysctl(acceptRa, '1');
  }

  /** What Docker, or anybody, makes for something on this host. */
  async function addLinksOfOthers(from: number, to: number): Promise<void> {
    for (let number = from; number < to; number++) {
      await daemon.kernel.links.createVeth({ name: `pv${number}`, isUp: true, peer: { name: `far${number}` } });
      await daemon.kernel.netns.writeSysctl(`net/ipv6/conf/pv${number}/accept_ra`, '1');
    }
  }

  async function restartWith(settings: WiredSettings): Promise<void> {
    await daemon.stop();
    daemon = await wiredDaemon({ kernel: daemon.kernel, state: daemon.state, ...settings });
  }

  it('are what they were once the last network is gone', async () => {
    await createNetwork(daemon, { subnet: 'fd00:1::/64' });
    expect([setting(forwarding), setting(forwardingIpv6), setting(acceptRa)]).to.deep.equal(['1', '1', '2']);

    await removeNetwork();

    expect([setting(forwarding), setting(forwardingIpv6), setting(acceptRa)]).to.deep.equal(['0', '0', '1']);
  });

  it('are what they were also when the daemon was started again in between', async () => {
    await createNetwork(daemon, { subnet: 'fd00:1::/64' });
    await daemon.stop();
    daemon = await wiredDaemon({ kernel: daemon.kernel, state: daemon.state });
    await daemon.parts.host.start();

    await removeNetwork();

    expect([setting(forwarding), setting(forwardingIpv6), setting(acceptRa)]).to.deep.equal(['0', '0', '1']);
  });

  it('go family by family: IPv4 networks need no IPv6 forwarding', async () => {
    await createNetwork(daemon);
    await createNetwork(daemon, { id: dockerId('aaaa'), subnet: 'fd00:1::/64' });

    await daemon.call('NetworkDriver.DeleteNetwork', { NetworkID: dockerId('aaaa') });

    expect([setting(forwarding), setting(forwardingIpv6)]).to.deep.equal(['1', '0']);
  });

  it('that were on before routed came stay on', async () => {
    await daemon.kernel.netns.writeSysctl(forwarding, '1');
    await createNetwork(daemon);

    await removeNetwork();

    expect(setting(forwarding)).to.equal('1');
  });

  it('that others rely on by now stay: a bridge with addresses wants forwarding', async () => {
    await createNetwork(daemon);
    const { index } = await daemon.kernel.links.createBridge({ name: 'docker0', isUp: true });
    await daemon.kernel.addresses.add({ linkIndex: index, address: '172.17.0.1/16' });
    await removeNetwork();
    expect(setting(forwarding)).to.equal('1');

    await daemon.kernel.links.delete({ index });
    await daemon.parts.networks.leaveHost();
    expect(setting(forwarding)).to.equal('0');
  });

  it('that somebody has changed since are left alone', async () => {
    await createNetwork(daemon, { subnet: 'fd00:1::/64' });
    await daemon.kernel.netns.writeSysctl(acceptRa, '0');

    await removeNetwork();

    expect(setting(acceptRa)).to.equal('0');
  });

  it('stay with a daemon that ends while there are networks', async () => {
    await createNetwork(daemon);

    await daemon.parts.networks.leaveHost();

    expect(setting(forwarding)).to.equal('1');
  });

  it('are left alone on links that others made, and remembered for none of them', async () => {
    const saved: number[] = [];
    const ledger = countedLedger(saved);
    await restartWith({ state: { ...daemon.state, ledger } });
    await addLinksOfOthers(0, 50);
    await createNetwork(daemon, { subnet: 'fd00:1::/64' });
    const writes = saved.length;

    for (const round of [50, 100, 150]) {
      await addLinksOfOthers(round, round + 50);
      await daemon.parts.networks.prepareHost();
    }

    const touched = [...daemon.kernel.inspect().sysctls].filter(([key, value]) => key.includes('/pv') && value !== '1');
    expect(touched).to.deep.equal([]);
    expect(await ledger.load()).to.have.lengthOf(3);
    expect(saved).to.have.lengthOf(writes);
  });

  it('are remembered with one write for all uplinks, and no longer when these are gone', async () => {
    const saved: number[] = [];
    const ledger = countedLedger(saved);
    const names = ['eth1', 'eth2', 'eth3'];
    await restartWith({ state: { ...daemon.state, ledger }, uplinks: names });
    for (const name of names) {
      await daemon.kernel.links.createDummy({ name, isUp: true });
      await daemon.kernel.netns.writeSysctl(`net/ipv6/conf/${name}/accept_ra`, '1');
    }
    await createNetwork(daemon);
    saved.length = 0;
    await createNetwork(daemon, { id: dockerId('aaaa'), subnet: 'fd00:1::/64' });
    expect(saved).to.deep.equal([5]);

    for (const name of names) await daemon.kernel.links.delete({ name });
    await daemon.parts.networks.prepareHost();

    expect(saved).to.deep.equal([5, 2]);
  });

  it('are set on the uplinks that the operator named, and on no other', async () => {
    await restartWith({ uplinks: ['pv1', 'absent'] });
    await addLinksOfOthers(0, 2);

    await createNetwork(daemon, { subnet: 'fd00:1::/64' });

    const values = [acceptRa, ...[0, 1].map((number) => `net/ipv6/conf/pv${number}/accept_ra`)].map(setting);
    expect(values).to.deep.equal(['1', '1', '2']);
  });

  it('are set on what is no network card only where a default route or a router says that it leads off the host', async () => {
    const { index } = (await daemon.kernel.links.get({ name: 'eth0' }))!;
    await daemon.kernel.routes.delete({ destination: '::/0', linkIndex: index });
    await createNetwork(daemon, { subnet: 'fd00:1::/64' });
    expect(setting(acceptRa)).to.equal('1');

    const zebra = 11;
    await daemon.kernel.routes.add({ destination: '10.7.0.0/16', linkIndex: index, protocol: zebra });
    await daemon.parts.networks.prepareHost();

    expect(setting(acceptRa)).to.equal('2');
  });

  it('that an earlier version set on links of others are what they were', async () => {
    await addLinksOfOthers(0, 1);
    const key = 'net/ipv6/conf/pv0/accept_ra';
    await daemon.kernel.netns.writeSysctl(key, '2');
    await daemon.state.ledger.save([{ key, found: '1', set: '2' }]);
    await restartWith({});

    await createNetwork(daemon, { subnet: 'fd00:1::/64' });

    expect(setting(key)).to.equal('1');
  });

  for (const when of ['is read', 'is written'] as const) {
    it(`go on to be set when a link vanishes while its setting ${when}`, async () => {
      const gone = new NetnsError('NOT_FOUND', `sysctl ${acceptRa}`, 'no such key');
      const { netns } = daemon.kernel;
      const [read, write] = [netns.readSysctl.bind(netns), netns.writeSysctl.bind(netns)];
      if (when === 'is read') netns.readSysctl = (key) => (key === acceptRa ? Promise.reject(gone) : read(key));
      else netns.writeSysctl = (key, value) => (key === acceptRa ? Promise.reject(gone) : write(key, value));

      await createNetwork(daemon, { subnet: 'fd00:1::/64' });

      expect([setting(forwarding), setting(forwardingIpv6)]).to.deep.equal(['1', '1']);
      expect(daemon.parts.status.report().problems).to.deep.equal([]);
    });
  }

  it('are set also while the state cannot be written, and status says so until it can', async () => {
    let isFull = true;
    const kept: SavedSysctls = memoryUndoLog();
    const full = new Error('ENOSPC: no space left on device, open host-settings.json.new');
    const save: SavedSysctls['save'] = (changed) => (isFull ? Promise.reject(full) : kept.save(changed));
    await restartWith({ state: { ...daemon.state, ledger: { ...kept, save } } });
    const problems = (): readonly string[] => daemon.parts.status.report().problems;

    await createNetwork(daemon, { subnet: 'fd00:1::/64' });
    expect([setting(forwarding), setting(forwardingIpv6), setting(acceptRa)]).to.deep.equal(['1', '1', '2']);
    expect(problems().join()).to.match(/^could not save the previous kernel settings \(ENOSPC: .*free space/);
    isFull = false;
    await daemon.parts.networks.prepareHost();

    expect(problems()).to.deep.equal([]);
    await removeNetwork();
    expect([setting(forwarding), setting(forwardingIpv6), setting(acceptRa)]).to.deep.equal(['0', '0', '1']);
  });

  it('that cannot be set do not keep the firewall from being repaired, and status says so', async () => {
    await createNetwork(daemon);
    daemon.kernel.netns.readSysctl = () => Promise.reject(new Error('no /proc here'));
    const before = daemon.firewall.ensure.callCount;

    await daemon.parts.networks.prepareHost().catch(() => undefined);

    expect(daemon.firewall.ensure.callCount).to.equal(before + 1);
    const [problem] = daemon.parts.status.report().problems;
    expect(problem).to.equal('the host network is not set up: no /proc here');
  });

  it('that the kernel does not take are an error that says what to do', async () => {
    daemon.kernel.netns.writeSysctl = () => Promise.reject(new Error('read-only file system'));

    const failure = await createNetwork(daemon).catch((error: unknown) => String(error));

    expect(failure).to.match(/ip_forward is 0 and cannot be set \(read-only file system\): run "sysctl -w/);
  });
});

/** A ledger in memory that notes how many settings each write of it has. */
function countedLedger(saved: number[]): SavedSysctls {
  const ledger: SavedSysctls = memoryUndoLog();
  return {
    load: () => ledger.load(),
    save: (changed) => {
      saved.push(changed.length);
      return ledger.save(changed);
    },
  };
}
