import { expect } from 'chai';
import { createNetwork, endpointIdOf, inside, inspect, runIdle } from './support/containers.ts';
import { ENGINES } from './support/engines.ts';
import { containerLinks, containerRoutes } from './support/kernel.ts';
import { setStage } from './support/stage.ts';

const addressList = ['ip', '-o', 'address', 'show', 'dev', 'eth0'];
const linkList = ['ip', '-o', 'link'];

for (const engine of ENGINES) {
  describe(`a look at one container (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine }, plugin: { flags: ['--gateway', '10.200.0.1', '--mtu', '1400'] } });

    before(async () => {
      await createNetwork(stage.host, 'n', '10.1.0.0/16');
      await runIdle(stage.host, 'web', '--network', 'n', '--ip', '10.1.18.52');
    });

    describe('inside', () => {
      it('has the address alone, as a /32', async () => {
        const addresses = (await inside(stage.host, 'web', ...addressList)).split('\n');

        const ipv4 = addresses.filter((line) => line.includes(' inet '));
        expect(ipv4).to.have.lengthOf(1);
        expect(ipv4[0]).to.match(/ inet 10\.1\.18\.52\/32 /);
      });

      it('has one link beside the loopback', async () => {
        const links = (await inside(stage.host, 'web', ...linkList)).split('\n');

        expect(links.map((line) => /^\d+: (\w+)/.exec(line)?.[1])).to.have.members(['eth0', 'lo']);
      });

      it('has a MAC address that follows from the address, and Docker knows it', async () => {
        const mac = '02:42:0a:01:12:34';

        expect(await inside(stage.host, 'web', ...linkList, 'show', 'eth0')).to.contain(` link/ether ${mac} `);
        expect(await inspect(stage.host, 'web', '{{.NetworkSettings.Networks.n.MacAddress}}')).to.equal(mac);
      });

      it('has the MTU of the command line', async () => {
        expect(await inside(stage.host, 'web', ...linkList, 'show', 'eth0')).to.contain(' mtu 1400 ');
      });

      it('has one default route, by the gateway, and a route to that', async () => {
        const routes = (await inside(stage.host, 'web', 'ip', 'route')).split('\n').map((line) => line.trim());

        expect(routes).to.have.members(['default via 10.200.0.1 dev eth0', '10.200.0.1 dev eth0 scope link']);
      });

      it('has no IPv6 address beside its link-local one, as the network has none', async () => {
        expect(await inside(stage.host, 'web', 'ip', '-6', '-o', 'address', 'show', 'scope', 'global')).to.equal('');
        expect(await inside(stage.host, 'web', 'ip', '-6', 'route', 'show', 'default')).to.equal('');
      });
    });

    describe('on the host', () => {
      it('has one link, of the same MTU, up, with the endpoint in its name and alias', async () => {
        const endpointId = await endpointIdOf(stage.host, 'web', 'n');

        const links = await containerLinks(stage.host);

        expect(links).to.have.lengthOf(1);
        expect(links[0]).to.deep.include({
          ifname: `vethr${endpointId.slice(0, 10)}`,
          ifalias: `routed:${endpointId}`,
          mtu: 1400,
          operstate: 'UP',
        });
      });

      it('has one route, to the address alone, marked as ours', async () => {
        const endpointId = await endpointIdOf(stage.host, 'web', 'n');

        const routes = await containerRoutes(stage.host);

        expect(routes).to.have.lengthOf(1);
        expect(routes[0]).to.deep.include({
          dst: '10.1.18.52',
          dev: `vethr${endpointId.slice(0, 10)}`,
          protocol: '200',
          // "link", by its number.
          scope: '253',
        });
      });
    });
  });
}
