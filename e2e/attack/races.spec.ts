import { randomBytes } from 'node:crypto';
import { openPluginClient, type PluginClient } from '@routed/plugin-protocol';
import { expect } from 'chai';
import { addressesOf } from '../support/addresses.ts';
import { askAdmin } from '../support/admin.ts';
import { createNetwork, inspect, runIdle } from '../support/containers.ts';
import { ENGINES_IN_FULL } from '../support/engines.ts';
import { eventually } from '../support/eventually.ts';
import { containerLinks, containerRoutes, expectNoContainers } from '../support/kernel.ts';
import { setStage } from '../support/stage.ts';
import { count, report } from './support/count.ts';
import { random } from './support/damages.ts';

const ROUNDS = count(10, 200);
const CHANGES = count(60, 190);
const seed = Number(process.env['ROUTED_ATTACK_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const POOL = 'routed-local/10.1.0.0/16';

interface DaemonReport {
  readonly networks: readonly { readonly pools: readonly { readonly leased: number }[] }[];
  readonly endpoints: readonly { readonly networkId: string }[];
}

if (ENGINES_IN_FULL.length > 0) {
  describe('attack: calls that race each other', () => {
    const stage = setStage();
    let networkId: string;
    let client: PluginClient;

    before(async () => {
      await createNetwork(stage.host, 'n', '10.1.0.0/16');
      networkId = await stage.host.docker('network', 'inspect', '--format', '{{.Id}}', 'n');
      client = openPluginClient({ socketPath: stage.host.outsidePath(`${stage.host.pluginDir}/routed.sock`) });
    });
    after(() => client.close());

    const status = async (): Promise<DaemonReport> =>
      (await askAdmin(stage.host, 'GET', '/v1/status')).body as DaemonReport;
    const leased = async (): Promise<number> =>
      (await status()).networks.flatMap(({ pools }) => pools).reduce((sum, pool) => sum + pool.leased, 0);

    /** What Docker asks in the life of one endpoint, in Docker's order. */
    function callsOf(id: string, address: string): readonly (() => Promise<unknown>)[] {
      const ids = { NetworkID: networkId, EndpointID: id };
      const face = { Address: `${address}/32`, AddressIPv6: '', MacAddress: '' };
      const sandbox = { SandboxKey: `/var/run/docker/netns/${id.slice(0, 12)}`, Options: {} };
      return [
        () => client.call('IpamDriver.RequestAddress', { PoolID: POOL, Address: address, Options: {} }),
        () => client.call('NetworkDriver.CreateEndpoint', { ...ids, Interface: face, Options: {} }),
        () => client.call('NetworkDriver.Join', { ...ids, ...sandbox }),
        () => client.call('NetworkDriver.Leave', ids),
        () => client.call('NetworkDriver.DeleteEndpoint', ids),
        () => client.call('IpamDriver.ReleaseAddress', { PoolID: POOL, Address: address }),
      ];
    }

    it(`leave nothing behind, whatever their order: ${ROUNDS} rounds`, async () => {
      const next = random(seed);
      const before = await leased();
      const refusals: string[] = [];
      let sent = 0;
      for (let round = 0; round < ROUNDS; round++) {
        // Two endpoints that want one address, each call twice, all at once in any order.
        const address = `10.1.9.${1 + (round % 5)}`;
        const lives = [1, 2].map(() => callsOf(randomBytes(32).toString('hex'), address));
        const calls = [...lives.flat(), ...lives.flat()].map((call) => ({ call, rank: next() }));
        calls.sort((one, other) => one.rank - other.rank);
        const outcomes = await Promise.allSettled(calls.map(({ call }) => call()));
        for (const outcome of outcomes) if (outcome.status === 'rejected') refusals.push(String(outcome.reason));
        for (const life of lives) for (const last of life.slice(3)) await last();
        sent += calls.length + 6;
      }

      await expectNoContainers(stage.host);
      expect((await status()).endpoints).to.deep.equal([]);
      expect(await leased()).to.equal(before);
      // Nobody waits for the filter of a link that is down.
      await eventually(async () => {
        expect((await stage.host.exec(['nft', 'list', 'ruleset'])).stdout).to.not.match(/vethr[0-9a-f]{10}/);
      });
      report(`racing calls: ${ROUNDS} rounds, ${sent} calls, ${refusals.length} refused, 0 things left (seed ${seed})`);
      expect(refusals, 'control: they do race').to.not.be.empty;
      expect(refusals.filter((text) => /internal|undefined|TypeError|EEXIST|ENOENT/i.test(text))).to.deep.equal([]);
    });

    it('control: an endpoint without an end is seen to be left', async () => {
      const calls = callsOf(randomBytes(32).toString('hex'), '10.1.9.9');
      for (const call of calls.slice(0, 3)) await call();

      // Both ends of it: no Docker has moved one into a container.
      expect(await containerLinks(stage.host)).to.have.lengthOf(2);
      expect((await status()).endpoints).to.have.lengthOf(1);

      for (const call of calls.slice(3)) await call();
      await expectNoContainers(stage.host);
    });

    describe('about the addresses of containers', () => {
      const containers = ['one', 'two'] as const;
      const addresses = Array.from({ length: CHANGES / 2 }, (_, index) => `10.1.20.${index + 1}`);

      before(async () => {
        for (const name of containers) await runIdle(stage.host, name, '--network', 'n');
      });

      const change = async (method: 'POST' | 'DELETE', container: string, address: string): Promise<number> => {
        const path = `/v1/containers/${container}/addresses`;
        const reply =
          method === 'POST'
            ? await askAdmin(stage.host, method, path, { address })
            : await askAdmin(stage.host, method, `${path}/${address}`);
        return reply.status;
      };
      const held = async (): Promise<Map<string, string[]>> => {
        const found = new Map<string, string[]>();
        for (const name of containers)
          for (const address of await addressesOf(stage.host, name)) {
            const bare = address.replace(/\/.*/, '');
            if (addresses.includes(bare)) found.set(bare, [...(found.get(bare) ?? []), name]);
          }
        return found;
      };

      it(`give each to one container: ${CHANGES} at once`, async () => {
        const wishes = addresses.flatMap((address) => containers.map((container) => [container, address] as const));

        const statuses = await Promise.all(wishes.map(([container, address]) => change('POST', container, address)));

        await eventually(async () => {
          const holders = await held();
          // Who came when too many did was told so; an address that both were refused for this is nobody's.
          const given = addresses.filter((_address, index) => statuses.slice(index * 2, index * 2 + 2).includes(200));
          expect([...holders.keys()]).to.have.members(given);
          expect([...holders.values()].filter(({ length }) => length !== 1)).to.deep.equal([]);
          const routes = (await containerRoutes(stage.host)).map(({ dst }) => dst);
          expect(routes.filter((address) => addresses.includes(address))).to.have.members(given);
        });
        const done = statuses.filter((code) => code === 200).length;
        report(`address changes: ${CHANGES} at once, ${done} done of ${statuses.length}, no address twice`);
        expect(done, 'control').to.be.above(0);
      });

      it('take all of them back, additions and removals at once', async () => {
        const all = addresses.flatMap((address) => containers.map((container) => ({ container, address })));

        await Promise.all(all.map(({ container, address }) => change('DELETE', container, address)));
        // What was refused for lack of room.
        for (const { container, address } of all) await change('DELETE', container, address);

        await eventually(async () => expect([...(await held()).keys()]).to.deep.equal([]));
        const own = await Promise.all(
          containers.map((name) => inspect(stage.host, name, '{{.NetworkSettings.Networks.n.IPAddress}}')),
        );
        expect((await containerRoutes(stage.host)).map(({ dst }) => dst)).to.have.members(own);
      });
    });
  });
}
