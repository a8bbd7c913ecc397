import assert from 'node:assert/strict';

import { type ConformanceCase, refused, upPair } from './case.ts';

const destination = '10.9.0.7/32';

const cases: readonly ConformanceCase[] = [
  {
    title: 'carries requests out in the order they were made',
    run: async (rtnl) => {
      const { index: linkIndex } = await rtnl.links.createVeth({ name: 'a0', peer: { name: 'b0' } });

      // The route needs the link to be up.
      await rtnl.batch(({ links, routes, neighbours }) =>
        Promise.all([
          links.set({ index: linkIndex }, { isUp: true, alias: 'mine' }),
          routes.add({ destination, linkIndex, protocol: 200 }),
          neighbours.add({ address: '10.9.0.7', linkIndex, mac: '02:42:0a:09:00:07', isPermanent: true }),
        ]),
      );

      assert.equal((await rtnl.links.get({ index: linkIndex }))?.alias, 'mine');
      assert.deepEqual(
        (await rtnl.routes.list({ protocol: 200 })).map((route) => route.destination),
        [destination],
      );
      assert.equal((await rtnl.neighbours.list({ linkIndex, family: 4 })).length, 1);
    },
  },
  {
    title: 'does not stop at a request that fails',
    run: async (rtnl) => {
      const { index: linkIndex } = await upPair(rtnl);

      const wereThere = await rtnl.batch(({ links, routes }) =>
        Promise.all([
          refused(links.set({ name: 'missing' }, { isUp: false }), 'ENODEV'),
          routes.delete({ destination, protocol: 200 }),
          routes.add({ destination, linkIndex, protocol: 200 }),
          routes.delete({ destination, protocol: 200 }),
        ]),
      );

      assert.deepEqual(wereThere.slice(1), [false, undefined, true]);
    },
  },
  {
    title: 'returns what is read, and goes on after waiting',
    run: async (rtnl) => {
      const alias = await rtnl.batch(async ({ links }) => {
        await links.createVeth({ name: 'a0', alias: 'mine', peer: { name: 'b0' } });
        return (await links.get({ name: 'a0' }))?.alias;
      });

      assert.equal(alias, 'mine');
    },
  },
];

/** Many requests in one system call. */
export const batchCases: readonly ConformanceCase[] = Object.freeze(cases);
