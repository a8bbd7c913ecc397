import assert from 'node:assert/strict';

import { type ConformanceCase, refused } from './case.ts';

const cases: readonly ConformanceCase[] = [
  {
    title: 'starts with the rules for local, main and default',
    run: async ({ rules }) => {
      const priorities = (await rules.list({ family: 4 })).map((rule) => rule.priority);

      assert.deepEqual(priorities, [0, 32_766, 32_767]);
    },
  },
  {
    title: 'adds rules of both families',
    run: async ({ rules }) => {
      const common = { priority: 100, table: 1000, protocol: 200 } as const;
      await rules.add({ family: 4, source: '10.0.0.7', ...common });
      await rules.add({ family: 6, source: 'FD00::7/128', destination: 'fd01::/64', ...common });

      const [ipv4, ipv6, ...rest] = await rules.list({ protocol: 200 });

      assert.deepEqual(ipv4, { family: 4, source: '10.0.0.7/32', action: 'lookup', ...common });
      assert.deepEqual([ipv6?.source, ipv6?.destination, ipv6?.table], ['fd00::7/128', 'fd01::/64', 1000]);
      assert.deepEqual(rest, []);
      assert.equal((await rules.list({ table: 1000, family: 4 })).length, 1);
    },
  },
  {
    title: 'matches links and marks, and can drop',
    run: async ({ rules }) => {
      await rules.add({ family: 4, priority: 5, action: 'blackhole', inputLink: 'lo', outputLink: 'eth0', mark: 7 });

      const rule = (await rules.list({ family: 4 })).find(({ priority }) => priority === 5);

      assert.deepEqual([rule?.action, rule?.inputLink, rule?.outputLink, rule?.mark], ['blackhole', 'lo', 'eth0', 7]);
    },
  },
  {
    title: 'shows everything that a rule says',
    run: async ({ rules }) => {
      const fields = {
        isInverted: true,
        mark: 1,
        markMask: 0xff,
        uidRange: { first: 0, last: 99 },
        ipProtocol: 6,
        sourcePorts: { first: 1024, last: 2048 },
        destinationPorts: { first: 80, last: 80 },
        tunnelId: 0x1_0000_0001,
        suppressPrefixLength: 0,
        suppressGroup: 7,
      } as const;
      const common = { priority: 5, table: 77, protocol: 200, action: 'lookup', ...fields } as const;
      await rules.add({ family: 4, ...common, typeOfService: 0x10, realms: 3 });
      await rules.add({ family: 6, ...common });

      const [ipv4, ipv6] = await rules.list({ table: 77 });

      assert.deepEqual(ipv4, { family: 4, ...common, typeOfService: 0x10, realms: 3 });
      assert.deepEqual(ipv6, { family: 6, ...common });
    },
  },
  {
    title: 'shows a mask without a mark, and where a rule goes',
    run: async ({ rules }) => {
      await rules.add({ family: 4, priority: 5, table: 77, mark: 0, markMask: 0xff });
      await rules.add({ family: 4, priority: 6, action: 'goto', gotoPriority: 32_766 });
      await rules.add({ family: 4, priority: 7, action: 'nop' });

      const [mask, jump, nothing] = (await rules.list({ family: 4 })).filter(({ priority }) =>
        [5, 6, 7].includes(priority),
      );

      assert.deepEqual([mask?.mark, mask?.markMask], [0, 0xff]);
      assert.deepEqual([jump?.action, jump?.gotoPriority, nothing?.action], ['goto', 32_766, 'nop']);
    },
  },
  {
    title: 'refuses the very same rule, and a rule that does not hold together',
    run: async ({ rules }) => {
      await rules.add({ family: 4, priority: 100, source: '10.0.0.7/32', table: 100 });

      await refused(rules.add({ family: 4, priority: 100, source: '10.0.0.7/32', table: 100 }), 'EEXIST');
      await refused(rules.add({ family: 4, priority: 101 }), 'EINVAL');
      await refused(rules.add({ family: 4, source: 'fd00::/64', table: 100 }), 'EINVAL');
    },
  },
  {
    title: 'deletes by the fields given, and answers false when none matches',
    run: async ({ rules }) => {
      await rules.add({ family: 6, priority: 100, source: 'fd00::/64', table: 100 });

      assert.equal(await rules.delete({ family: 6, source: 'fd02::/64' }), false);
      assert.equal(await rules.delete({ family: 6, source: 'fd00::/64', table: 101 }), false);
      assert.equal(await rules.delete({ family: 6, source: 'fd00::/64' }), true);
      assert.equal(await rules.delete({ family: 6, priority: 100 }), false);
    },
  },
];

/** Behaviour of {@link Rules}. */
export const ruleCases: readonly ConformanceCase[] = Object.freeze(cases);
