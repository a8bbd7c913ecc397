import { expect } from 'chai';
import { addressesOf } from './support/addresses.ts';
import { createNetwork, ping, runIdle } from './support/containers.ts';
import { ENGINES_IN_FULL } from './support/engines.ts';
import { containerRoutes, expectNoContainers, kernelState } from './support/kernel.ts';
import { eventually } from './support/eventually.ts';
import { setStage } from './support/stage.ts';

interface BadList {
  readonly what: string;
  /** What stands beside an address that is free, which must be free again afterwards. */
  readonly item: string;
  readonly says: RegExp;
  readonly network?: 'plain';
}

const lists: readonly BadList[] = [
  {
    what: 'one twice',
    item: '10.1.0.5+10.1.0.5/32',
    says: /routed\.addresses=.*: item 3, 10\.1\.0\.5, is listed twice/,
  },
  { what: "Docker's own address", item: '10.1.0.9', says: /10\.1\.0\.9: the endpoint has it already/ },
  { what: 'the gateway', item: '169.254.1.1', says: /169\.254\.1\.1: it is the gateway of the network/ },
  {
    what: 'one of no prefix of the network',
    item: '10.9.0.1',
    says: /10\.9\.0\.1: it is outside the network's prefixes \(10\.1\.0\.0\/16, .*-o routed\.prefixes=/,
  },
  {
    what: "a container's first",
    item: '10.1.0.2',
    says: /10\.1\.0\.2 is in use by endpoint [0-9a-f]{12}: choose another/,
  },
  {
    what: "a container's other",
    item: '10.1.0.3',
    says: /10\.1\.0\.3 is in use by endpoint [0-9a-f]{12}: choose another/,
  },
  {
    what: 'one of another host',
    item: '10.1.0.7',
    says: /10\.1\.0\.7 is in use by another host \(route via 10\.112\.11\.77 dev eth1 proto 4\): choose another/,
  },
  { what: 'one of the host itself', item: '10.1.0.8', says: /10\.1\.0\.8 is in use by this host itself \(link eth1\)/ },
  { what: 'multicast', item: '224.0.0.5', says: /224\.0\.0\.5: it is outside the network's prefixes/ },
  { what: 'loopback', item: '127.0.0.1', says: /127\.0\.0\.1: it is outside the network's prefixes/ },
  { what: 'no address at all', item: '0.0.0.0', says: /0\.0\.0\.0: it is outside the network's prefixes/ },
  {
    what: 'IPv6 without IPv6',
    item: 'fd00:1::7',
    network: 'plain',
    says: /fd00:1::7: the endpoint has no IPv6 address: create the network with --ipv6/,
  },
  { what: 'a word', item: 'web', says: /item 2, "web": expected an address such as 10\.1\.0\.3 or fd00:1::3/ },
];

/** `count` addresses, of which no other story has one. */
function many(count: number): string {
  return Array.from({ length: count }, (_, index) => `10.1.${100 + (index >> 8)}.${index & 255}`).join('+');
}

for (const engine of ENGINES_IN_FULL) {
  describe(`a mistake with additional addresses (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine } });

    before(async () => {
      const { host } = stage;
      await createNetwork(host, 'mine', '10.1.0.0/16', '--ipv6', '--subnet', 'fd00:1::/64');
      await createNetwork(host, 'plain', '10.2.0.0/16');
      await runIdle(host, 'taken', '--network', 'name=mine,ip=10.1.0.2,driver-opt=routed.addresses=10.1.0.3');
      await host.exec(['ip', 'route', 'add', '10.1.0.7/32', 'via', '10.112.11.77', 'proto', 'static']);
      await host.exec(['ip', 'address', 'add', '10.1.0.8/32', 'dev', 'eth1']);
    });

    const free = { mine: '10.1.0.4', plain: '10.2.0.4' };
    const run = (network: keyof typeof free, list: string): string[] => {
      const address = network === 'mine' ? '10.1.0.9' : '10.2.0.9';
      const option = `name=${network},ip=${address},driver-opt=routed.addresses=${list}`;
      return ['run', '--rm', '--network', option, 'alpine', 'true'];
    };

    for (const { what, item, says, network = 'mine' } of lists) {
      it(`is explained, and leaves nothing: ${what}`, async () => {
        const { host } = stage;
        const before = await kernelState(host);

        const { exitCode, stderr } = await host.tryDocker(...run(network, `${free[network]}+${item}`));

        expect(exitCode, stderr).to.equal(125);
        expect(stderr).to.match(says);
        expect(await kernelState(host)).to.deep.equal(before);
      });
    }

    it('leaves those free that stood beside it', async () => {
      for (const network of ['mine', 'plain'] as const) await stage.host.docker(...run(network, free[network]));
    });

    it('is none of 300 addresses at once', async () => {
      const { host } = stage;

      await runIdle(host, 'rich', '--network', `name=mine,ip=10.1.0.9,driver-opt=routed.addresses=${many(300)}`);

      // Those beside Docker's own come a moment after the container's start.
      await eventually(async () => expect(await addressesOf(host, 'rich')).to.have.lengthOf(302));
      expect((await containerRoutes(host)).filter(({ dst }) => /^10\.1\.10[01]\./.test(dst))).to.have.lengthOf(300);
      expect((await ping(host, '10.1.101.43')).exitCode, 'the last').to.equal(0);
      await host.docker('rm', '--force', 'rich');
    });

    it('is 5,000 addresses at once, which are refused with the limit', async () => {
      const option = `name=mine,ip=10.1.0.9,driver-opt=routed.addresses=${many(5_000)}`;

      const { exitCode, stderr } = await stage.host.tryDocker('run', '--rm', '--network', option, 'alpine', 'true');

      expect(exitCode).to.equal(125);
      expect(stderr).to.match(/routed\.addresses=.*: expected at most 4096 addresses/);
      expect(stderr.length, 'not all of them again').to.be.lessThan(500);
    });

    it('leaves the containers alone that hold the addresses', async () => {
      expect((await ping(stage.host, '10.1.0.3')).exitCode).to.equal(0);
      await stage.host.docker('rm', '--force', 'taken');
      await expectNoContainers(stage.host);
    });
  });
}
