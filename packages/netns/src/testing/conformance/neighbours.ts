import assert from 'node:assert/strict';

import { type ConformanceCase, refused, upPair } from './case.ts';

const MAC = '02:00:00:00:00:01';

const cases: readonly ConformanceCase[] = [
  {
    title: 'adds entries of both families',
    run: async (rtnl) => {
      const { index: linkIndex } = await upPair(rtnl);
      for (const address of ['10.0.0.9', 'fd00::9']) await rtnl.neighbours.add({ linkIndex, address, mac: MAC });

      const [ipv4, ipv6] = await rtnl.neighbours.list({ linkIndex });

      assert.deepEqual([ipv4?.address, ipv4?.mac, ipv4?.state], ['10.0.0.9', MAC, 'permanent']);
      assert.deepEqual([ipv6?.address, ipv6?.isPermanent, ipv6?.isProxy], ['fd00::9', true, false]);
    },
  },
  {
    title: 'refuses an entry that is there; replace changes it',
    run: async (rtnl) => {
      const { index: linkIndex } = await upPair(rtnl);
      for (const address of ['10.0.0.9', 'fd00::9']) {
        await rtnl.neighbours.add({ linkIndex, address, mac: MAC });
        await refused(rtnl.neighbours.add({ linkIndex, address, mac: MAC }), 'EEXIST');
        await rtnl.neighbours.replace({ linkIndex, address, mac: '02:00:00:00:00:02' });
      }

      const macs = (await rtnl.neighbours.list({ linkIndex })).map((neighbour) => neighbour.mac);
      assert.deepEqual(macs, ['02:00:00:00:00:02', '02:00:00:00:00:02']);
    },
  },
  {
    title: 'asks for an address that there is no entry for',
    run: async (rtnl) => {
      const { index: linkIndex } = await upPair(rtnl);
      await rtnl.addresses.add({ linkIndex, address: '10.0.0.1/24' });
      for (const address of ['10.0.0.8', 'fd00::8']) await rtnl.neighbours.resolve({ linkIndex, address });

      const states = (await rtnl.neighbours.list({ linkIndex })).map(({ address, state }) => `${address} ${state}`);
      assert.deepEqual(states, ['10.0.0.8 incomplete', 'fd00::8 incomplete']);
      await refused(rtnl.neighbours.resolve({ linkIndex: 9_999, address: '10.0.0.9' }), 'ENODEV');
    },
  },
  {
    title: 'keeps proxy entries apart',
    run: async (rtnl) => {
      const { index: linkIndex } = await upPair(rtnl);
      for (const address of ['10.0.0.9', 'fd00::9']) {
        await rtnl.neighbours.add({ linkIndex, address, isProxy: true });

        assert.equal(await rtnl.neighbours.delete({ linkIndex, address }), false);
        assert.equal((await rtnl.neighbours.list({ linkIndex, isProxy: true }))[0]?.address, address);
        assert.equal(await rtnl.neighbours.delete({ linkIndex, address, isProxy: true }), true);
        assert.equal(await rtnl.neighbours.delete({ linkIndex, address, isProxy: true }), false);
      }
    },
  },
  {
    title: 'deletes an entry, and answers false when there is none',
    run: async (rtnl) => {
      const { index: linkIndex } = await upPair(rtnl);
      for (const address of ['10.0.0.9', 'fd00::9']) {
        await rtnl.neighbours.add({ linkIndex, address, mac: MAC });
        assert.equal(await rtnl.neighbours.delete({ linkIndex, address }), true);
        assert.equal(await rtnl.neighbours.delete({ linkIndex, address }), false);
        assert.equal(await rtnl.neighbours.delete({ linkIndex: 4711, address }), false);
      }
    },
  },
  {
    title: 'refuses a link that is not there, and an entry without MAC',
    run: async ({ neighbours }) => {
      await refused(neighbours.add({ linkIndex: 4711, address: '10.0.0.9', mac: MAC }), 'ENODEV');
      const error = await refused(neighbours.add({ linkIndex: 1, address: '10.0.0.9' }), 'EINVAL');
      assert.equal(error.attribute, 'mac');
    },
  },
];

/** Behaviour of {@link Neighbours}. */
export const neighbourCases: readonly ConformanceCase[] = Object.freeze(cases);
