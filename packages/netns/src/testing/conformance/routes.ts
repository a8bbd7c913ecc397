import assert from 'node:assert/strict';

import type { Rtnl } from '../../types/rtnl.ts';
import { type ConformanceCase, refused, upPair } from './case.ts';

const OURS = { protocol: 200 } as const;

async function ours({ routes }: Rtnl): Promise<string[]> {
  return (await routes.list(OURS)).map((route) => route.destination).sort();
}

const rare: readonly ConformanceCase[] = [
  {
    title: 'spreads a route over several next hops, and changes them',
    run: async (rtnl) => {
      const { index, peerIndex } = await upPair(rtnl);
      await rtnl.addresses.add({ linkIndex: index, address: '10.0.0.7' });
      const ways = [
        { linkIndex: index, gateway: '10.0.0.1', weight: 3, onLink: true },
        { linkIndex: peerIndex, gateway: '10.0.1.1', onLink: true },
      ];

      await rtnl.routes.add({ destination: '10.9.0.0/16', nextHops: ways, ...OURS });
      const [route] = await rtnl.routes.list(OURS);
      await rtnl.routes.replace({ destination: '10.9.0.0/16', nextHops: [...ways].reverse(), ...OURS });
      const [replaced] = await rtnl.routes.list(OURS);

      const shown = route?.nextHops.map(({ linkIndex, gateway, weight, flags }) => [
        linkIndex,
        gateway,
        weight,
        flags?.isOnLink,
      ]);
      assert.deepEqual(shown, [
        [index, '10.0.0.1', 3, true],
        [peerIndex, '10.0.1.1', 1, true],
      ]);
      assert.deepEqual([route?.scope, route?.linkIndex, route?.gateway], ['universe', undefined, undefined]);
      assert.deepEqual(
        replaced?.nextHops.map(({ weight }) => weight),
        [1, 3],
      );
      assert.equal(await rtnl.routes.delete({ destination: '10.9.0.0/16', ...OURS }), true);
      assert.deepEqual(await ours(rtnl), []);
    },
  },
  {
    title: 'keeps the packet size, the segment size and the router preference',
    run: async (rtnl) => {
      const { index: linkIndex } = await upPair(rtnl);

      await rtnl.routes.add({ destination: '10.9.0.0/16', linkIndex, mtuBytes: 1400, maxSegmentBytes: 1300, ...OURS });
      await rtnl.routes.add({ destination: 'fd09::/64', linkIndex, mtuBytes: 1380, preference: 'high', ...OURS });

      const [ipv4, ipv6] = await rtnl.routes.list(OURS);
      assert.deepEqual([ipv4?.mtuBytes, ipv4?.maxSegmentBytes, ipv4?.unknown], [1400, 1300, undefined]);
      assert.deepEqual([ipv6?.mtuBytes, ipv6?.preference, ipv6?.unknown], [1380, 'high', undefined]);
    },
  },
  {
    title: 'refuses next hops beside a link, a single one, and a preference for IPv4',
    run: async ({ routes }) => {
      const destination = '10.9.0.0/16';
      const hop = { linkIndex: 1 };

      const both = await refused(routes.add({ destination, linkIndex: 1, nextHops: [hop, hop] }), 'EINVAL');
      const one = await refused(routes.add({ destination, nextHops: [hop] }), 'EINVAL');
      const preferred = await refused(routes.add({ destination, linkIndex: 1, preference: 'low' }), 'EINVAL');
      const typo = await refused(routes.add({ destination, nextHops: [{ wieght: 1 } as never, hop] }), 'EINVAL');
      await refused(routes.add({ destination, nextHopId: 4711 }), 'EINVAL');

      assert.deepEqual([both.attribute, one.attribute, preferred.attribute], ['nextHops', 'nextHops', 'preference']);
      assert.match(typo.message, /did you mean weight\?/);
    },
  },
];

const changes: readonly ConformanceCase[] = [
  {
    title: 'adds host routes of both families, marked as ours',
    run: async (rtnl) => {
      const { index: linkIndex } = await upPair(rtnl);

      await rtnl.routes.add({ destination: '10.0.0.7', linkIndex, ...OURS });
      await rtnl.routes.add({ destination: 'FD00::7/128', linkIndex, ...OURS });

      const [ipv4, ipv6] = await rtnl.routes.list(OURS);
      assert.deepEqual(
        [ipv4?.destination, ipv4?.scope, ipv4?.table, ipv4?.linkIndex],
        ['10.0.0.7/32', 'link', 254, linkIndex],
      );
      assert.deepEqual([ipv6?.destination, ipv6?.scope, ipv6?.metric], ['fd00::7/128', 'universe', 1024]);
      assert.deepEqual(ipv4?.nextHops, [{ linkIndex, weight: 1 }]);
      assert.deepEqual([ipv4.type, ipv6?.family], ['unicast', 6]);
    },
  },
  {
    title: 'refuses a route that is there; replace does not',
    run: async (rtnl) => {
      const { index, peerIndex } = await upPair(rtnl);
      for (const destination of ['10.0.0.0/24', 'fd00::/64']) {
        await rtnl.routes.add({ destination, linkIndex: index, ...OURS });
        await refused(rtnl.routes.add({ destination, linkIndex: index, ...OURS }), 'EEXIST');
        await rtnl.routes.replace({ destination, linkIndex: peerIndex, ...OURS });
        await rtnl.routes.replace({ destination, linkIndex: peerIndex, ...OURS });
      }

      const links = (await rtnl.routes.list(OURS)).map((route) => route.linkIndex);
      assert.deepEqual(links, [peerIndex, peerIndex]);
    },
  },
  {
    title: 'refuses a link that is down or not there, and a gateway out of reach',
    run: async ({ links, routes }) => {
      const { index: linkIndex } = await links.createVeth({ name: 'a0', peer: { name: 'b0' } });

      await refused(routes.add({ destination: '10.0.0.0/24', linkIndex }), 'ENETDOWN');
      await refused(routes.add({ destination: 'fd00::/64', linkIndex }), 'ENETDOWN');
      await refused(routes.add({ destination: '10.0.0.0/24', linkIndex: 4711 }), 'ENODEV');
      await refused(routes.add({ destination: 'fd00::/64', linkIndex: 4711 }), 'ENODEV');
      await refused(routes.add({ destination: '10.0.0.0/24' }), 'ENODEV');
      const error = await refused(routes.add({ destination: '10.0.0.0/24', gateway: '10.9.9.9' }), 'ENETUNREACH');
      await refused(routes.add({ destination: 'fd00::/64', gateway: 'fd99::9' }), 'EHOSTUNREACH');

      assert.match(error.kernelMessage ?? '', /invalid gateway/);
    },
  },
  {
    title: 'names the argument that is not valid',
    run: async ({ routes }) => {
      const attribute = async (spec: object): Promise<string | undefined> =>
        (await refused(routes.add({ destination: '10.0.0.0/24', linkIndex: 1, ...spec }), 'EINVAL')).attribute;

      assert.equal(await attribute({ destination: '10.0.0.1/24' }), 'destination');
      assert.equal(await attribute({ destination: 'fd00::1/64' }), 'destination');
      assert.equal(await attribute({ destination: 'default' }), 'destination');
      assert.equal(await attribute({ gateway: '10.0.0' }), 'gateway');
      assert.equal(await attribute({ source: 'fd00::1' }), 'source');
      assert.equal(await attribute({ protocol: 256 }), 'protocol');
      assert.equal(await attribute({ linkIndex: 0 }), 'linkIndex');
      assert.equal(await attribute({ metric: -1 }), 'metric');
    },
  },
  {
    title: 'adds a default route through a gateway that is on the link',
    run: async (rtnl) => {
      const { index: linkIndex } = await upPair(rtnl);
      await rtnl.routes.add({ destination: '169.254.1.1/32', linkIndex });

      await rtnl.routes.add({ destination: 'default', gateway: '169.254.1.1', ...OURS });
      await rtnl.routes.add({ destination: 'default', gateway: 'fe80::1', linkIndex, ...OURS });

      const [ipv4, ipv6] = await rtnl.routes.list(OURS);
      assert.deepEqual([ipv4?.destination, ipv4?.gateway, ipv4?.linkIndex], ['0.0.0.0/0', '169.254.1.1', linkIndex]);
      assert.deepEqual([ipv6?.destination, ipv6?.gateway, ipv6?.scope], ['::/0', 'fe80::1', 'universe']);
    },
  },
  {
    title: 'takes an unreachable gateway when told that it is on the link',
    run: async (rtnl) => {
      const { routes } = rtnl;
      const { index: linkIndex } = await upPair(rtnl);
      // Without any address the kernel takes every gateway for a broadcast address.
      await rtnl.addresses.add({ linkIndex, address: '10.0.0.1/32' });

      await routes.add({ destination: '10.0.0.0/24', gateway: '10.9.9.9', linkIndex, onLink: true, ...OURS });

      const [route] = await routes.list(OURS);
      assert.deepEqual([route?.gateway, route?.flags.isOnLink], ['10.9.9.9', true]);
    },
  },
  {
    title: 'deletes by the fields given, and answers false when none matches',
    run: async (rtnl) => {
      const { index: linkIndex, peerIndex } = await upPair(rtnl);
      for (const destination of ['10.0.0.0/24', 'fd00::/64']) {
        await rtnl.routes.add({ destination, linkIndex, ...OURS });

        assert.equal(await rtnl.routes.delete({ destination, protocol: 4 }), false);
        assert.equal(await rtnl.routes.delete({ destination, linkIndex: peerIndex }), false);
        assert.equal(await rtnl.routes.delete({ destination, linkIndex: 4711 }), false);
        assert.equal(await rtnl.routes.delete({ destination, metric: 77 }), false);
        assert.equal(await rtnl.routes.delete({ destination, ...OURS }), true);
        assert.equal(await rtnl.routes.delete({ destination }), false);
      }
    },
  },
];

const queries: readonly ConformanceCase[] = [
  {
    title: 'lists by family, table, protocol and link',
    run: async (rtnl) => {
      const { index, peerIndex } = await upPair(rtnl);
      await rtnl.routes.add({ destination: '10.1.0.0/16', linkIndex: index, ...OURS });
      await rtnl.routes.add({ destination: '10.2.0.0/16', linkIndex: peerIndex, ...OURS, table: 1000 });
      await rtnl.routes.add({ destination: 'fd01::/64', linkIndex: peerIndex, ...OURS });

      const list = async (filter: object): Promise<string[]> =>
        (await rtnl.routes.list({ ...OURS, ...filter })).map((route) => route.destination);

      assert.deepEqual(await ours(rtnl), ['10.1.0.0/16', '10.2.0.0/16', 'fd01::/64']);
      assert.deepEqual(await list({ family: 6 }), ['fd01::/64']);
      assert.deepEqual(await list({ table: 1000 }), ['10.2.0.0/16']);
      assert.deepEqual(await list({ linkIndex: index }), ['10.1.0.0/16']);
      assert.deepEqual(await list({ table: 4711 }), []);
      assert.deepEqual(await list({ linkIndex: 4711 }), []);
    },
  },
  {
    title: 'finds the way to an address, and the entry it comes from',
    run: async (rtnl) => {
      const { index: linkIndex } = await upPair(rtnl);
      await rtnl.addresses.add({ linkIndex, address: '10.0.0.1/24' });
      await rtnl.addresses.add({ linkIndex, address: 'fd00::1/64', skipDuplicateDetection: true });
      await rtnl.routes.add({ destination: '10.5.0.0/16', gateway: '10.0.0.254', ...OURS });
      await rtnl.routes.add({ destination: 'fd05::/64', gateway: 'fd00::fe', ...OURS });

      for (const [address, entry] of [
        ['10.5.1.2', '10.5.0.0/16'],
        ['fd05::2', 'fd05::/64'],
      ] as const) {
        const way = await rtnl.routes.get(address);
        const exact = await rtnl.routes.get(address, { exact: true });
        assert.equal(way?.destination.split('/')[0], address);
        assert.equal(way.linkIndex, linkIndex);
        assert.deepEqual([exact?.destination, exact?.protocol, exact?.linkIndex], [entry, 200, linkIndex]);
      }
      assert.equal((await rtnl.routes.get('10.0.0.1'))?.type, 'local');
    },
  },
  {
    title: 'answers undefined where no way leads',
    run: async (rtnl) => {
      await rtnl.links.set({ name: 'lo' }, { isUp: true });
      await rtnl.routes.add({ destination: '10.2.0.0/16', type: 'unreachable' });

      assert.equal(await rtnl.routes.get('192.0.2.1'), undefined);
      assert.equal(await rtnl.routes.get('2001:db8::1'), undefined);
      assert.equal(await rtnl.routes.get('10.2.0.1'), undefined);
      await refused(rtnl.routes.get('10.2.0.0/16'), 'EINVAL');
    },
  },
  {
    title: 'drops packets where told to',
    run: async (rtnl) => {
      await rtnl.links.set({ name: 'lo' }, { isUp: true });
      for (const [ip, type] of [
        ['10.1.0.0/16', 'blackhole'],
        ['fd01::/64', 'blackhole'],
        ['10.3.0.0/16', 'prohibit'],
      ] as const) {
        await rtnl.routes.add({ destination: ip, type, ...OURS });
      }

      const types = (await rtnl.routes.list(OURS)).map((route) => route.type);

      assert.deepEqual(types, ['blackhole', 'prohibit', 'blackhole']);
      await refused(rtnl.routes.get('10.1.0.1'), 'EINVAL');
      await refused(rtnl.routes.get('10.3.0.1'), 'EACCES');
    },
  },
  {
    title: 'looks no further in a table where a throw route says so',
    run: async (rtnl) => {
      await rtnl.links.set({ name: 'lo' }, { isUp: true });
      for (const [wide, narrow] of [
        ['10.1.0.0/16', '10.1.0.0/17'],
        ['fd01::/64', 'fd01::/65'],
      ] as const) {
        await rtnl.routes.add({ destination: wide, type: 'blackhole', ...OURS });
        await rtnl.routes.add({ destination: narrow, type: 'throw', ...OURS });
      }

      assert.equal(await rtnl.routes.get('10.1.0.1'), undefined);
      assert.equal(await rtnl.routes.get('fd01::1'), undefined);
      await refused(rtnl.routes.get('10.1.128.1'), 'EINVAL');
    },
  },
  {
    title: 'prefers a source address, which must be its own',
    run: async (rtnl) => {
      const { index: linkIndex } = await upPair(rtnl);
      await rtnl.addresses.add({ linkIndex, address: '10.0.0.1/32' });

      await rtnl.routes.add({ destination: '10.5.0.0/16', linkIndex, source: '10.0.0.1', ...OURS });
      await refused(rtnl.routes.add({ destination: '10.6.0.0/16', linkIndex, source: '10.0.0.2' }), 'EINVAL');

      assert.equal((await rtnl.routes.get('10.5.1.1'))?.source, '10.0.0.1');
    },
  },
];

/** Behaviour of {@link Routes}. */
export const routeCases: readonly ConformanceCase[] = [...changes, ...rare, ...queries];
