import { expect } from 'chai';
import { addressesIn, addressSeenFrom, enter } from './support/addresses.ts';
import { addressSeenBy, createNetwork, ping, runIdle, untilServed, webServer } from './support/containers.ts';
import { ENGINES } from './support/engines.ts';
import { containerRoutes } from './support/kernel.ts';
import { setStage } from './support/stage.ts';

const client = 'fd00:6::2';
const server = 'fd00:6::3';
const other = 'fd00:6::7';

// Earlier releases cannot make a network without IPv4.
for (const engine of ENGINES.filter((release) => release === '28')) {
  describe(`a network without IPv4 (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine } });

    before(async () => {
      const { host } = stage;
      await createNetwork(host, 'six', 'fd00:6::/64', '--ipv6', '--ipv4=false');
      await runIdle(host, 'client', '--network', `name=six,ip6=${client},driver-opt=routed.addresses=${other}`);
      await host.docker('run', '-d', '--name', 'server', '--network', 'six', '--ip6', server, ...webServer);
      await untilServed(host, server);
    });

    it('gives a container its IPv6 addresses and no other', async () => {
      const addresses = addressesIn(await enter(stage.host, 'client', 'ip', '-o', 'address'));

      expect(addresses.map(({ address }) => address)).to.have.members([`${client}/128`, `${other}/128`]);
      expect(addresses.filter(({ isTentative }) => isTentative)).to.deep.equal([]);
    });

    it('gives it one default route, of IPv6', async () => {
      const ipv6 = await enter(stage.host, 'client', 'ip', '-6', 'route', 'show', 'default');

      expect(ipv6.trim()).to.match(/^default via fe80::1 dev eth0 [^\n]*$/);
      expect(await enter(stage.host, 'client', 'ip', '-4', 'route')).to.equal('');
    });

    it('has routes of the host to all of them, and passes packets both ways', async () => {
      const { host } = stage;

      expect((await containerRoutes(host)).map(({ dst }) => dst)).to.have.members([client, other, server]);
      for (const address of [client, other]) {
        expect((await ping(host, address)).exitCode, address).to.equal(0);
        expect((await ping(host, address, 'server')).exitCode, address).to.equal(0);
      }
    });

    it("sends from Docker's address by itself, and from the other when told to", async () => {
      expect(await addressSeenBy(stage.host, server, 'client')).to.equal(client);
      expect(await addressSeenFrom(stage.host, 'client', other, server)).to.equal(other);
    });

    it('lets a container know no neighbour but the gateway', async () => {
      expect((await ping(stage.host, server, 'client')).exitCode).to.equal(0);

      expect(await enter(stage.host, 'client', 'ip', 'neigh')).to.match(/^fe80::1 dev eth0 [^\n]*\n$/);
    });

    it('is told apart from one with IPv4: the options of that are refused', async () => {
      const { host } = stage;
      const create = ['network', 'create', '-d', 'routed', '--ipam-driver', 'routed', '--ipv6', '--ipv4=false'];
      const option = ['--subnet', 'fd00:7::/64', '-o', 'routed.prefixes=192.168.7.0/24'];

      const refused = await host.tryDocker(...create, ...option, 'wrong');
      const run = `name=six,driver-opt=routed.addresses=10.1.0.2`;
      const notRun = await host.tryDocker('run', '--rm', '--network', run, 'alpine', 'true');

      expect(refused.stderr).to.contain(
        'routed.prefixes=192.168.7.0/24: the network has no IPv4: add an IPv4 --subnet',
      );
      expect(notRun.stderr).to.contain('10.1.0.2: the endpoint has no IPv4 address');
    });
  });
}
