import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';

import type { Netns } from '../../types/netns.ts';
import { type ConformanceCase, refused, upPair } from './case.ts';

const creation: readonly ConformanceCase[] = [
  {
    title: 'creates a veth pair with everything that was asked for',
    run: async ({ links }) => {
      const spec = { mtuBytes: 1400, mac: '02:42:0A:00:00:07', txQueueLength: 200 };
      const peer = { name: 'b0', mtuBytes: 1300, mac: '02:42:0a:00:00:08', txQueueLength: 300 };
      const pair = await links.createVeth({ name: 'a0', ...spec, alias: 'mine', group: 7, isUp: true, peer });

      const [near, far] = [await links.get({ name: 'a0' }), await links.get({ index: pair.peerIndex })];

      assert.equal(near?.index, pair.index);
      assert.equal(near.peerIndex, pair.peerIndex);
      assert.deepEqual(
        [near.kind, near.mtuBytes, near.mac, near.txQueueLength],
        ['veth', 1400, '02:42:0a:00:00:07', 200],
      );
      assert.deepEqual([near.alias, near.group, near.isUp], ['mine', 7, true]);
      assert.deepEqual(
        [far?.name, far?.mtuBytes, far?.mac, far?.txQueueLength, far?.isUp],
        ['b0', 1300, peer.mac, 300, false],
      );
    },
  },
  {
    title: 'creates the peer inside another namespace',
    needsNetns: true,
    run: async ({ links }, netns) => {
      assert.ok(netns);
      await using inside = await netns.openRtnl();

      const { index, peerIndex } = await links.createVeth({ name: 'a0', peer: { name: 'eth0', netns } });

      assert.equal((await inside.links.get({ index: peerIndex }))?.name, 'eth0');
      const near = await links.get({ index });
      assert.equal(near?.peerIndex, peerIndex);
      assert.notEqual(near.peerNetnsId, undefined);
      assert.equal(await links.get({ name: 'eth0' }), undefined);
    },
  },
  {
    title: 'shows the other end of a pair, in another namespace too, and none of a link without',
    needsNetns: true,
    run: async ({ links }, netns) => {
      assert.ok(netns);
      const near = await links.createVeth({ name: 'a0', peer: { name: 'b0' } });
      const far = await links.createVeth({ name: 'a1', peer: { name: 'eth0', netns } });

      const peers = await Promise.all(['a0', 'a1', 'lo', 'none'].map((name) => links.getPeer({ name })));

      assert.deepEqual(
        peers.map((peer) => [peer?.name, peer?.index]),
        [
          ['b0', near.peerIndex],
          ['eth0', far.peerIndex],
          [undefined, undefined],
          [undefined, undefined],
        ],
      );
    },
  },
  {
    title: 'refuses a name that is taken and says which',
    run: async ({ links }) => {
      await links.createVeth({ name: 'a0', peer: { name: 'b0' } });

      const own = await refused(links.createVeth({ name: 'a0', peer: { name: 'c0' } }), 'EEXIST');
      const peer = await refused(links.createVeth({ name: 'c0', peer: { name: 'b0' } }), 'EEXIST');

      assert.match(own.message, /link a0 exists/);
      assert.match(peer.message, /link b0 exists/);
      assert.equal(await links.get({ name: 'c0' }), undefined);
    },
  },
  {
    title: 'refuses a name taken in the namespace of the peer',
    needsNetns: true,
    run: async ({ links }, netns) => {
      assert.ok(netns);
      await links.createVeth({ name: 'a0', peer: { name: 'eth0', netns } });

      const error = await refused(links.createVeth({ name: 'a1', peer: { name: 'eth0', netns } }), 'EEXIST');

      assert.match(error.message, /eth0/);
      assert.equal(await links.get({ name: 'a1' }), undefined);
    },
  },
  {
    title: 'creates nothing when an argument is not valid',
    run: async ({ links }) => {
      const peer = { name: 'b0' };
      await refused(links.createVeth({ name: 'sixteen-bytes-no', peer }), 'EINVAL');
      await refused(links.createVeth({ name: 'a b', peer }), 'EINVAL');
      await refused(links.createVeth({ name: 'a/b', peer }), 'EINVAL');
      await refused(links.createVeth({ name: '', peer }), 'EINVAL');
      const error = await refused(links.createVeth({ name: 'a0', mac: 'nonsense', peer }), 'EINVAL');
      await refused(links.createVeth({ name: 'a0', alias: 'x'.repeat(256), peer }), 'EINVAL');

      assert.equal(error.attribute, 'mac');
      assert.equal((await links.list()).length, 1);
    },
  },
  {
    title: 'creates a bridge and makes a link its port',
    run: async ({ links }) => {
      const { index } = await links.createBridge({ name: 'br0', alias: 'a bridge', isUp: true });
      await links.createVeth({ name: 'a0', peer: { name: 'b0' } });

      await links.set({ name: 'a0' }, { masterIndex: index });

      assert.deepEqual(
        (await links.list({ masterIndex: index })).map((link) => link.name),
        ['a0'],
      );
      await links.set({ name: 'a0' }, { masterIndex: 0 });
      assert.equal((await links.get({ name: 'a0' }))?.masterIndex, undefined);
    },
  },
];

const change: readonly ConformanceCase[] = [
  {
    title: 'answers undefined for a link that is not there',
    run: async ({ links }) => {
      assert.equal(await links.get({ name: 'nope' }), undefined);
      assert.equal(await links.get({ index: 4711 }), undefined);
    },
  },
  {
    title: 'lists by kind and by group',
    run: async ({ links }) => {
      await links.createVeth({ name: 'a0', group: 5, peer: { name: 'b0' } });

      const names = async (filter: object): Promise<string[]> =>
        (await links.list(filter)).map((link) => link.name).sort();

      assert.deepEqual(await names({}), ['a0', 'b0', 'lo']);
      assert.deepEqual(await names({ kind: 'veth' }), ['a0', 'b0']);
      assert.deepEqual(await names({ group: 5 }), ['a0']);
      assert.deepEqual(await names({ kind: 'no-such-kind' }), []);
    },
  },
  {
    title: 'has carrier when both ends are up',
    run: async ({ links }) => {
      const { index, peerIndex } = await links.createVeth({ name: 'a0', isUp: true, peer: { name: 'b0' } });
      assert.equal((await links.get({ index }))?.hasCarrier, false);

      await links.set({ index: peerIndex }, { isUp: true });

      assert.equal((await links.get({ index }))?.hasCarrier, true);
      while ((await links.getPeer({ index }))?.isRunning === false) await setImmediate();
      assert.equal((await links.getPeer({ index }))?.isRunning, true);
    },
  },
  {
    title: 'changes name, MTU, MAC, alias, group and queue length at once',
    run: async ({ links }) => {
      const { index } = await links.createVeth({ name: 'a0', alias: 'old', peer: { name: 'b0' } });

      await links.set(
        { name: 'a0' },
        { name: 'z0', mtuBytes: 1280, mac: '02:00:00:00:00:01', alias: 'new', group: 3, txQueueLength: 7 },
      );

      const link = await links.get({ name: 'z0' });
      assert.equal(link?.index, index);
      assert.deepEqual(
        [link.mtuBytes, link.mac, link.alias, link.group, link.txQueueLength],
        [1280, '02:00:00:00:00:01', 'new', 3, 7],
      );
      await links.set({ index }, { alias: '' });
      assert.equal((await links.get({ index }))?.alias, undefined);
    },
  },
  {
    title: 'refuses to change a link that is not there, to a name that is taken, to an MTU that is too small',
    run: async ({ links }) => {
      await links.createVeth({ name: 'a0', peer: { name: 'b0' } });

      await refused(links.set({ name: 'nope' }, { isUp: true }), 'ENODEV');
      await refused(links.set({ name: 'nope' }, { name: 'other' }), 'ENODEV');
      await refused(links.set({ name: 'a0' }, { name: 'b0' }), 'EEXIST');
      const error = await refused(links.set({ name: 'a0' }, { mtuBytes: 10 }), 'EINVAL');

      assert.match(error.kernelMessage ?? '', /mtu less than device minimum/);
    },
  },
  {
    title: 'moves a link to another namespace',
    needsNetns: true,
    run: async ({ links }, netns) => {
      assert.ok(netns);
      await using inside = await netns.openRtnl();
      await links.createVeth({ name: 'a0', peer: { name: 'b0' } });

      await links.set({ name: 'b0' }, { netns: netns satisfies Netns, name: 'eth0' });

      assert.equal(await links.get({ name: 'b0' }), undefined);
      assert.equal((await inside.links.get({ name: 'eth0' }))?.kind, 'veth');
    },
  },
];

const removal: readonly ConformanceCase[] = [
  {
    title: 'deletes a link with its peer, its addresses and its routes',
    run: async (rtnl) => {
      const { index } = await upPair(rtnl);
      await rtnl.addresses.add({ linkIndex: index, address: '10.0.0.1/24' });
      await rtnl.routes.add({ destination: '10.9.0.0/16', linkIndex: index });

      assert.equal(await rtnl.links.delete({ index }), true);

      assert.equal((await rtnl.links.list()).length, 1);
      assert.deepEqual(await rtnl.addresses.list({ family: 4 }), []);
      assert.deepEqual(await rtnl.routes.list({ family: 4, table: 254 }), []);
    },
  },
  {
    title: 'answers false when the link to delete is not there',
    run: async ({ links }) => {
      assert.equal(await links.delete({ name: 'nope' }), false);
      assert.equal(await links.delete({ index: 4711 }), false);
    },
  },
  {
    title: 'deletes a whole group and nothing else',
    run: async ({ links }) => {
      await links.createVeth({ name: 'a0', group: 99, peer: { name: 'b0' } });
      await links.createVeth({ name: 'a1', group: 99, peer: { name: 'b1' } });
      await links.createVeth({ name: 'a2', peer: { name: 'b2' } });

      assert.equal(await links.deleteGroup(99), true);

      assert.deepEqual((await links.list({ kind: 'veth' })).map((link) => link.name).sort(), ['a2', 'b2']);
      assert.equal(await links.deleteGroup(99), false);
    },
  },
  {
    title: 'says which name is taken, and which link cannot be deleted',
    run: async ({ links }) => {
      await links.createBridge({ name: 'br0' });

      const taken = await refused(links.createBridge({ name: 'br0' }), 'EEXIST');
      const loopback = await refused(links.delete({ name: 'lo' }), 'EOPNOTSUPP');

      assert.match(taken.message, /^link\.create br0: link br0 exists \(EEXIST\)/);
      assert.equal(
        loopback.message,
        'link.delete lo: this link cannot be deleted: it is the loopback or a device of the machine (EOPNOTSUPP)',
      );
      assert.equal((await links.get({ name: 'lo' }))?.name, 'lo');
    },
  },
  {
    title: 'refuses to delete group 0',
    run: async ({ links }) => {
      await refused(links.deleteGroup(0), 'EINVAL');
    },
  },
];

/** Behaviour of {@link Links}. */
export const linkCases: readonly ConformanceCase[] = [...creation, ...change, ...removal];
