import { expect } from 'chai';
import { addressesIn, enter } from './support/addresses.ts';
import { addressSeenBy, createNetwork, inside, ping, runIdle, untilServed, webServer } from './support/containers.ts';
import { ENGINES } from './support/engines.ts';
import { containerRoutes } from './support/kernel.ts';
import { setStage } from './support/stage.ts';

const server = 'fd00:1::3';
const client = 'fd00:1::2';

for (const engine of ENGINES) {
  describe(`a network with IPv4 and IPv6 (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine } });

    before(async () => {
      const { host } = stage;
      await createNetwork(host, 'dual', '10.1.0.0/16', '--ipv6', '--subnet', 'fd00:1::/64');
      await runIdle(host, 'client', '--network', 'dual', '--ip', '10.1.0.2', '--ip6', client);
      const asServer = ['--name', 'server', '--network', 'dual', '--ip', '10.1.0.3', '--ip6', server];
      await host.docker('run', '-d', ...asServer, ...webServer);
      await untilServed(host, server);
    });

    it('gives the container one address of each family, alone in its prefix', async () => {
      const lines = (await inside(stage.host, 'client', 'ip', '-o', 'address', 'show', 'dev', 'eth0')).split('\n');

      const addresses = lines.map((line) => / inet6? (\S+)/.exec(line)?.[1] ?? line);
      expect(addresses.filter((address) => !address.startsWith('fe80:'))).to.have.members([
        '10.1.0.2/32',
        `${client}/128`,
      ]);
    });

    it('gives it one default route of each family', async () => {
      const ipv4 = await inside(stage.host, 'client', 'ip', 'route');
      const ipv6 = await inside(stage.host, 'client', 'ip', '-6', 'route');

      expect(ipv4.split('\n').filter((line) => line.startsWith('default'))).to.have.lengthOf(1);
      expect(ipv6.split('\n').filter((line) => line.startsWith('default'))).to.have.lengthOf(1);
      expect(ipv6).to.contain('default via fe80::1 dev eth0');
    });

    it('routes both addresses on the host', async () => {
      const routes = await containerRoutes(stage.host);

      expect(routes.map(({ dst }) => dst)).to.have.members(['10.1.0.2', client, '10.1.0.3', server]);
    });

    it('passes IPv6 from container to container, both ways', async () => {
      expect((await ping(stage.host, server, 'client')).exitCode).to.equal(0);
      expect((await ping(stage.host, client, 'server')).exitCode).to.equal(0);
    });

    it("shows a server the container's own IPv6 address", async () => {
      expect(await addressSeenBy(stage.host, server, 'client')).to.equal(client);
    });

    it('passes IPv6 from the host to a container', async () => {
      expect((await ping(stage.host, client)).exitCode).to.equal(0);
    });

    it('passes IPv4 beside it', async () => {
      expect((await ping(stage.host, '10.1.0.3', 'client')).exitCode).to.equal(0);
      expect(await addressSeenBy(stage.host, '10.1.0.3', 'client')).to.equal('10.1.0.2');
    });

    it('is usable by the first command of a container, which waits for no duplicate detection', async () => {
      const first = `ip -6 -o address && exec ping -c 1 -W 1 ${server}`;

      const output = await stage.host.docker('run', '--rm', '--network', 'dual', 'alpine', 'sh', '-c', first);

      const held = addressesIn(output);
      expect(held).to.have.lengthOf(1);
      expect(held[0]?.isTentative, output).to.equal(false);
      expect(output).to.contain('1 packets received');
    });

    it('lets a container know no neighbour but the gateways', async () => {
      const { host } = stage;
      for (const address of [server, '10.1.0.3']) expect((await ping(host, address, 'client')).exitCode).to.equal(0);
      for (const address of [client, '10.1.0.2']) expect((await ping(host, address)).exitCode).to.equal(0);

      const neighbours = (await enter(host, 'client', 'ip', 'neigh')).trim().split('\n');

      expect(neighbours.map((line) => line.split(' ')[0])).to.have.members(['169.254.1.1', 'fe80::1']);
    });

    it('means nothing for a container on a network without IPv6', async () => {
      const { host } = stage;
      await createNetwork(host, 'plain', '10.2.0.0/16');
      await runIdle(host, 'plain', '--network', 'plain');

      expect(addressesIn(await enter(host, 'plain', 'ip', '-6', '-o', 'address'))).to.deep.equal([]);
      expect(await enter(host, 'plain', 'ip', '-6', 'route')).not.to.contain('default');
    });

    it('chooses an IPv6 address as well when none is asked for', async () => {
      await runIdle(stage.host, 'chosen', '--network', 'dual');

      const addresses = await inside(stage.host, 'chosen', 'ip', '-6', '-o', 'address', 'show', 'dev', 'eth0');
      const address = / inet6 (fd00:1:[0-9a-f:]+)\/128 /.exec(addresses)?.[1];
      expect(address, addresses).to.be.a('string');
      expect((await ping(stage.host, address!)).exitCode).to.equal(0);
    });
  });
}
