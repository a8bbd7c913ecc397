import { expect } from 'chai';
import { createNetwork, dockerId, type WiredDaemon, wiredDaemon } from './support/wired.ts';

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
    await daemon.kernel.links.createVeth({ name: 'eth0', isUp: true, peer: { name: 'far' } });
    await daemon.kernel.netns.writeSysctl(acceptRa, '1');
  });

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

  it('that the kernel does not take are an error that says what to do', async () => {
    daemon.kernel.netns.writeSysctl = () => Promise.reject(new Error('read-only file system'));

    const failure = await createNetwork(daemon).catch((error: unknown) => String(error));

    expect(failure).to.match(/ip_forward is 0 and cannot be set \(read-only file system\): run "sysctl -w/);
  });
});
