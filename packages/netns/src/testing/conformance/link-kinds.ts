import assert from 'node:assert/strict';

import { type ConformanceCase, refused } from './case.ts';

const cases: readonly ConformanceCase[] = [
  {
    title: 'creates a link of a kind and shows its settings',
    run: async ({ links }) => {
      const below = await links.createVeth({ name: 'a0', peer: { name: 'b0' } });
      const spec = { kind: 'macvlan', name: 'm0', lowerIndex: below.index, mode: 'bridge', mtuBytes: 1400 } as const;

      const { index } = await links.create({ ...spec, isUp: true, alias: 'mine' });

      const details = await links.inspect({ index });
      assert.deepEqual(
        [details?.name, details?.kind, details?.mtuBytes, details?.isUp, details?.alias, details?.peerIndex],
        ['m0', 'macvlan', 1400, true, 'mine', below.index],
      );
      assert.equal(details?.settings?.kind, 'macvlan');
      assert.equal(details.settings.mode, 'bridge');
      assert.equal('settings' in ((await links.get({ index })) ?? {}), false);
    },
  },
  {
    title: 'changes the settings of a bridge and of its port, and nothing else',
    run: async ({ links }) => {
      const bridge = await links.create({ kind: 'bridge', name: 'br0', priority: 99, ageingTimeMs: 60_000 });
      const port = await links.createVeth({ name: 'a0', peer: { name: 'b0' } });
      await links.set({ index: port.index }, { masterIndex: bridge.index });

      await links.configure({ name: 'br0' }, { kind: 'bridge', ageingTimeMs: 30_000 });
      await links.configurePort({ name: 'a0' }, { kind: 'bridge', isolated: true, cost: 9 });
      await links.configurePort({ name: 'a0' }, { kind: 'bridge', cost: 10 });

      const settings = (await links.inspect({ name: 'br0' }))?.settings;
      assert.ok(settings?.kind === 'bridge');
      assert.deepEqual([settings.priority, settings.ageingTimeMs], [99, 30_000]);
      const portSettings = (await links.inspect({ name: 'a0' }))?.port;
      assert.deepEqual([portSettings?.kind, portSettings?.isolated, portSettings?.cost], ['bridge', true, 10]);
    },
  },
  {
    title: 'refuses kinds and settings that there are not, and links that are not there',
    run: async ({ links }) => {
      await links.createVeth({ name: 'a0', peer: { name: 'b0' } });

      const kind = await refused(links.create({ kind: 'brige', name: 'x' } as never), 'EINVAL');
      const field = await refused(links.create({ kind: 'bridge', name: 'x', priorty: 1 } as never), 'EINVAL');
      await refused(links.create({ kind: 'ifb', name: 'a0' }), 'EEXIST');
      await refused(links.configure({ name: 'x' }, { kind: 'bridge', priority: 1 }), 'ENODEV');
      await refused(links.configurePort({ name: 'a0' }, { kind: 'bridge', cost: 1 }), 'EOPNOTSUPP');

      assert.equal(kind.attribute, 'kind');
      assert.match(field.message, /did you mean priority\?/);
      assert.equal(await links.inspect({ name: 'x' }), undefined);
    },
  },
];

/** Kinds of links, of those that most kernels have. */
export const linkKindCases: readonly ConformanceCase[] = [...cases];
