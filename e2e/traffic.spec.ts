import { expect } from 'chai';
import { addressSeenBy, createNetwork, inside, ping, runIdle, untilServed, webServer } from './support/containers.ts';
import { ENGINES } from './support/engines.ts';
import { equipWebServer } from './support/web.ts';
import { setStage } from './support/stage.ts';

const client = '10.1.0.2';
const server = '10.1.0.3';
const third = '10.1.0.4';
const hostAddress = '10.112.11.1';

for (const engine of ENGINES) {
  describe(`traffic of containers on one host (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine }, plugin: { flags: ['--gateway', '10.200.0.1'] } });

    before(async () => {
      const { host } = stage;
      await createNetwork(host, 'n', '10.1.0.0/16');
      await runIdle(host, 'client', '--network', 'n', '--ip', client);
      await runIdle(host, 'third', '--network', 'n', '--ip', third);
      await host.docker('run', '-d', '--name', 'server', '--network', 'n', '--ip', server, ...webServer);
      await equipWebServer(host);
      await Promise.all([untilServed(host, server), untilServed(host, hostAddress)]);
    });

    it('passes a firewall that drops what nobody has accepted', async () => {
      const { stdout } = await stage.host.exec(['iptables', '-S', 'FORWARD']);

      expect(stdout).to.contain('-P FORWARD DROP');
      expect((await ping(stage.host, server, 'client')).exitCode).to.equal(0);
    });

    it('goes from container to container, both ways', async () => {
      expect((await ping(stage.host, server, 'client')).exitCode).to.equal(0);
      expect((await ping(stage.host, client, 'server')).exitCode).to.equal(0);
    });

    it('goes from the host to a container, from the address of the uplink', async () => {
      expect((await ping(stage.host, client)).exitCode).to.equal(0);
      expect(await addressSeenBy(stage.host, server)).to.equal(hostAddress);
    });

    it('goes from a container to the host and to the gateway', async () => {
      expect((await ping(stage.host, hostAddress, 'client')).exitCode).to.equal(0);
      expect((await ping(stage.host, '10.200.0.1', 'client')).exitCode).to.equal(0);
    });

    it("shows another container the container's own address", async () => {
      expect(await addressSeenBy(stage.host, server, 'client')).to.equal(client);
    });

    it("shows the host the container's own address", async () => {
      expect(await addressSeenBy(stage.host, hostAddress, 'client')).to.equal(client);
    });

    it('lets a container know no neighbour but the gateway', async () => {
      for (const address of [server, third, hostAddress]) {
        expect((await ping(stage.host, address, 'client')).exitCode).to.equal(0);
      }
      expect((await ping(stage.host, client)).exitCode).to.equal(0);

      const neighbours = (await inside(stage.host, 'client', 'ip', 'neigh')).split('\n');

      expect(neighbours).to.have.lengthOf(1);
      expect(neighbours[0]).to.match(/^10\.200\.0\.1 dev eth0 lladdr ee:ee:ee:ee:ee:ee /);
    });
  });
}
