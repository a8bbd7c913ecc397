import { expect } from 'chai';
import { addressSeenBy, inspect, ping, untilServed, webServer } from '../../support/containers.ts';
import { sourceSeenBy, type ClusterNetwork } from '../support/containers.ts';
import type { ClusterStage } from '../support/cluster.ts';

/** Docker's firewall stays as it is for everything but our containers. Told of hosts on one LAN. */
export function tellFirewall(stage: ClusterStage, network: ClusterNetwork): void {
  it("leaves Docker's policy DROP in force on every host", async () => {
    for (const { host } of stage.cluster.hosts) {
      expect((await host.exec(['iptables', '-S', 'FORWARD'])).stdout).to.contain('-P FORWARD DROP');
    }
  });

  it('opens no container on a bridge to other hosts', async () => {
    const { h1, h3 } = stage;
    await h1.host.docker('run', '-d', '--name', 'bridged', ...webServer);
    const address = await inspect(h1.host, 'bridged', '{{.NetworkSettings.IPAddress}}');
    await untilServed(h1.host, address);

    // h3 knows the way, as a neighbour on the wire may.
    await h3.host.exec(['ip', 'route', 'add', `${address}/32`, 'via', '10.112.11.1']);

    expect((await ping(h3.host, address)).exitCode, 'from the host').not.to.equal(0);
    expect((await ping(h3.host, address, 'c3')).exitCode, 'from a container').not.to.equal(0);
    // The way is there, and only Docker's policy in it.
    await h1.host.exec(['iptables', '-I', 'FORWARD', '-d', address, '-j', 'ACCEPT']);
    expect((await ping(h3.host, address)).exitCode, 'from the host, accepted').to.equal(0);
    expect((await ping(h3.host, address, 'c3')).exitCode, 'from a container, accepted').to.equal(0);
    await h1.host.exec(['iptables', '-D', 'FORWARD', '-d', address, '-j', 'ACCEPT']);
    await h3.host.exec(['ip', 'route', 'delete', `${address}/32`]);
    await h1.host.docker('rm', '--force', 'bridged');
  });

  it('makes no host a router for others', async () => {
    const { h1, h2, h3 } = stage;
    const beyond = '203.0.114.7';
    await h3.host.exec(['ip', 'address', 'add', `${beyond}/32`, 'dev', 'lo']);
    await h1.host.exec(['ip', 'route', 'add', `${beyond}/32`, 'via', '10.112.11.3']);
    await h2.host.exec(['ip', 'route', 'add', `${beyond}/32`, 'via', '10.112.11.1']);
    expect((await ping(h1.host, beyond)).exitCode, 'from the host in between').to.equal(0);

    expect((await ping(h2.host, beyond)).exitCode).not.to.equal(0);

    await h2.host.exec(['ip', 'route', 'delete', `${beyond}/32`]);
    await h1.host.exec(['ip', 'route', 'delete', `${beyond}/32`]);
    await h3.host.exec(['ip', 'address', 'delete', `${beyond}/32`, 'dev', 'lo']);
  });

  it('keeps to what an operator closes in DOCKER-USER', async () => {
    const { h1, h3 } = stage;
    const a = network.address(11);
    const rule = ['DOCKER-USER', '-d', a, '-p', 'tcp', '--dport', '80', '-j', 'REJECT'];
    await h1.host.exec(['iptables', '-I', ...rule]);

    const refused = await addressSeenBy(h3.host, a, 'c3').catch(() => 'refused');

    expect(refused).to.equal('refused');
    expect((await ping(h3.host, a, 'c3')).exitCode).to.equal(0);
    await h1.host.exec(['iptables', '-D', ...rule]);
    expect(await sourceSeenBy(h3, 'c3', a)).to.equal(network.address(13));
  });
}
