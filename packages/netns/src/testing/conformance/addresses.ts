import assert from 'node:assert/strict';

import type { Rtnl } from '../../types/rtnl.ts';
import { type ConformanceCase, refused, upPair } from './case.ts';

async function textsOf({ addresses }: Rtnl, linkIndex: number): Promise<string[]> {
  return (await addresses.list({ linkIndex })).map((address) => address.address);
}

const cases: readonly ConformanceCase[] = [
  {
    title: 'adds addresses of both families, in canonical text',
    run: async (rtnl) => {
      const { index: linkIndex } = await upPair(rtnl);

      await rtnl.addresses.add({ linkIndex, address: '10.0.0.7/32' });
      await rtnl.addresses.add({ linkIndex, address: 'FD00:0:0::07', skipDuplicateDetection: true });

      const [ipv4, ipv6] = await rtnl.addresses.list({ linkIndex });
      assert.deepEqual([ipv4?.address, ipv4?.family, ipv4?.scope, ipv4?.label], ['10.0.0.7/32', 4, 'universe', 'a0']);
      assert.deepEqual([ipv6?.address, ipv6?.family, ipv6?.isTentative], ['fd00::7/128', 6, false]);
      assert.equal(ipv6?.skipsDuplicateDetection, true);
      assert.equal(ipv4?.isPermanent && ipv6.isPermanent, true);
    },
  },
  {
    title: 'marks addresses that are not to be chosen as a source',
    run: async (rtnl) => {
      const { index: linkIndex } = await upPair(rtnl);

      await rtnl.addresses.add({ linkIndex, address: '10.0.0.7/32', isDeprecated: true });
      await rtnl.addresses.add({ linkIndex, address: 'fd00::7/128', isDeprecated: true, skipDuplicateDetection: true });

      const held = await rtnl.addresses.list({ linkIndex });
      assert.deepEqual(
        held.map(({ isDeprecated, isPermanent }) => [isDeprecated, isPermanent]),
        [
          [true, true],
          [true, true],
        ],
      );
    },
  },
  {
    title: 'keeps scope, protocol, prefix route flag and peer',
    run: async (rtnl) => {
      const { index: linkIndex } = await upPair(rtnl);
      const address = '10.0.0.7/24';

      await rtnl.addresses.add({ linkIndex, address, scope: 'link', protocol: 200, noPrefixRoute: true });
      assert.deepEqual(await rtnl.routes.list({ table: 254, linkIndex }), []);
      await rtnl.addresses.add({ linkIndex, address: '10.1.0.1/32', peer: '10.1.0.2' });
      assert.equal((await rtnl.routes.get('10.1.0.2', { exact: true }))?.linkIndex, linkIndex);

      const [first, second] = await rtnl.addresses.list({ linkIndex });
      assert.deepEqual([first?.scope, first?.protocol, first?.hasNoPrefixRoute], ['link', 200, true]);
      assert.deepEqual([second?.address, second?.peer], ['10.1.0.1/32', '10.1.0.2']);
    },
  },
  {
    title: 'refuses an address that is there; replace does not',
    run: async (rtnl) => {
      const { index: linkIndex } = await upPair(rtnl);
      for (const address of ['10.0.0.7/32', 'fd00::7/128']) {
        await rtnl.addresses.add({ linkIndex, address, skipDuplicateDetection: true });
        await refused(rtnl.addresses.add({ linkIndex, address, skipDuplicateDetection: true }), 'EEXIST');
        await rtnl.addresses.replace({ linkIndex, address, skipDuplicateDetection: true });
      }

      assert.deepEqual(await textsOf(rtnl, linkIndex), ['10.0.0.7/32', 'fd00::7/128']);
    },
  },
  {
    title: 'refuses a link that is not there, and an address that is none',
    run: async ({ addresses }) => {
      await refused(addresses.add({ linkIndex: 4711, address: '10.0.0.7/32' }), 'ENODEV');
      await refused(addresses.add({ linkIndex: 4711, address: 'fd00::7/128' }), 'ENODEV');
      for (const address of ['10.0.0.256', '10.0.0.1/33', 'fd00::/129', 'fe80::1%lo', '', '10.0.0.1/', '10.0.0.1/08']) {
        const error = await refused(addresses.add({ linkIndex: 1, address }), 'EINVAL');
        assert.equal(error.attribute, 'address');
      }
      assert.deepEqual(await addresses.list({ linkIndex: 4711 }), []);
    },
  },
  {
    title: 'deletes an address, and answers false when there is none',
    run: async (rtnl) => {
      const { index: linkIndex } = await upPair(rtnl);
      for (const address of ['10.0.0.7/32', 'fd00::7/128']) {
        await rtnl.addresses.add({ linkIndex, address });
        assert.equal(await rtnl.addresses.delete({ linkIndex, address }), true);
        assert.equal(await rtnl.addresses.delete({ linkIndex, address }), false);
        assert.equal(await rtnl.addresses.delete({ linkIndex: 4711, address }), false);
      }
    },
  },
  {
    title: 'lists by link and by family',
    run: async (rtnl) => {
      const { index, peerIndex } = await upPair(rtnl);
      await rtnl.addresses.add({ linkIndex: index, address: '10.0.0.7/32' });
      await rtnl.addresses.add({ linkIndex: peerIndex, address: '10.0.0.8/32' });
      await rtnl.addresses.add({ linkIndex: peerIndex, address: 'fd00::8/128' });

      const count = async (filter: object): Promise<number> => (await rtnl.addresses.list(filter)).length;

      assert.deepEqual(await textsOf(rtnl, peerIndex), ['10.0.0.8/32', 'fd00::8/128']);
      assert.deepEqual([await count({ family: 4 }), await count({ family: 6 }), await count({})], [2, 1, 3]);
    },
  },
  {
    title: 'adds many, with a result for each',
    run: async (rtnl) => {
      const { index: linkIndex } = await upPair(rtnl);
      const good = Array.from({ length: 200 }, (_, i) => ({ linkIndex, address: `10.3.0.${i + 1}/32` }));
      const specs = [
        ...good.slice(0, 100),
        { linkIndex, address: 'nonsense' },
        good[0] ?? { linkIndex, address: '' },
        ...good.slice(100),
      ];

      const results = await rtnl.addresses.addMany(specs);

      assert.deepEqual(
        results.map(({ spec }) => spec),
        specs,
      );
      const failed = results.filter(({ error }) => error !== undefined);
      assert.deepEqual(
        failed.map(({ spec, error }) => [spec.address, error?.code]),
        [
          ['nonsense', 'EINVAL'],
          ['10.3.0.1/32', 'EEXIST'],
        ],
      );
      assert.equal((await rtnl.addresses.list({ linkIndex })).length, 200);
      assert.deepEqual(await rtnl.addresses.addMany([]), []);
    },
  },
  {
    title: 'keeps lifetimes, broadcast address, label and route metric, and changes lifetimes',
    run: async (rtnl) => {
      const { index: linkIndex } = await upPair(rtnl);
      const ipv4 = { linkIndex, address: '10.0.0.7/24', broadcast: '10.0.0.255', label: 'a0:x', routeMetric: 77 };
      const ipv6 = { linkIndex, address: 'fd00::7/64', skipDuplicateDetection: true, managesTemporary: true };

      await rtnl.addresses.add({ ...ipv4, validSec: 1000, preferredSec: 500 });
      await rtnl.addresses.add({ ...ipv6, validSec: 1000 });
      const shown = await rtnl.addresses.list({ linkIndex });
      await rtnl.addresses.replace({ ...ipv6, validSec: 90, preferredSec: 0 });
      const [, changed] = (await rtnl.addresses.list({ linkIndex })).filter(({ isTemporary }) => isTemporary !== true);

      const near = (value: number | undefined, wanted: number): boolean =>
        value !== undefined && value <= wanted && value > wanted - 10;
      const [first, second] = shown.filter(({ isTemporary }) => isTemporary !== true);
      assert.deepEqual([first?.broadcast, first?.label, first?.routeMetric], ['10.0.0.255', 'a0:x', 77]);
      assert.ok(near(first?.validSec, 1000) && near(first?.preferredSec, 500), JSON.stringify(first));
      assert.ok(near(second?.validSec, 1000) && near(second?.preferredSec, 1000), JSON.stringify(second));
      assert.deepEqual([first?.isPermanent, second?.isPermanent, second?.managesTemporary], [false, false, true]);
      assert.ok(near(changed?.validSec, 90), JSON.stringify(changed));
      assert.deepEqual([changed?.preferredSec, changed?.isDeprecated], [0, true]);
    },
  },
  {
    title: 'refuses lifetimes that contradict each other, and what the family does not have',
    run: async ({ addresses }) => {
      const ipv4 = { linkIndex: 1, address: '10.0.0.7' };
      const ipv6 = { linkIndex: 1, address: 'fd00::7' };

      const errors = await Promise.all([
        refused(addresses.add({ ...ipv4, validSec: 5, preferredSec: 6 }), 'EINVAL'),
        refused(addresses.add({ ...ipv4, isDeprecated: true, preferredSec: 6 }), 'EINVAL'),
        refused(addresses.add({ ...ipv4, validSec: 0 }), 'EINVAL'),
        refused(addresses.add({ ...ipv4, broadcast: 'fd00::1' }), 'EINVAL'),
        refused(addresses.add({ ...ipv4, label: 'longer-than-fifteen' }), 'EINVAL'),
        refused(addresses.add({ ...ipv6, label: 'lo' }), 'EINVAL'),
        refused(addresses.add({ ...ipv6, broadcast: '10.0.0.255' }), 'EINVAL'),
      ]);

      assert.deepEqual(
        errors.map(({ attribute }) => attribute),
        ['preferredSec', 'preferredSec', 'validSec', 'broadcast', 'label', 'label', 'broadcast'],
      );
    },
  },
  {
    title: 'gives loopback its addresses when it comes up',
    run: async (rtnl) => {
      await rtnl.links.set({ name: 'lo' }, { isUp: true });

      assert.deepEqual(await textsOf(rtnl, 1), ['127.0.0.1/8', '::1/128']);
    },
  },
];

/** Behaviour of {@link Addresses}. */
export const addressCases: readonly ConformanceCase[] = Object.freeze(cases);
