import assert from 'node:assert/strict';

import type { Rtnl } from '../../types/rtnl.ts';
import { type ConformanceCase, refused } from './case.ts';

/** A request made from plain JavaScript: the compiler does not look. */
type Ask = (rtnl: Rtnl, argument: never, second: never) => Promise<unknown>;

interface Refusal {
  readonly ask: Ask;
  readonly argument: unknown;
  readonly second?: unknown;
  /** Field that the error names, if it is about one. */
  readonly attribute?: string;
  readonly message: RegExp;
}

const unknownFields: readonly Refusal[] = [
  {
    ask: ({ rules }, spec) => rules.add(spec),
    argument: { family: 4, table: 100, marc: 1 },
    attribute: 'marc',
    message: /unknown field "marc"; did you mean mark\?/,
  },
  {
    ask: ({ routes }, spec) => routes.add(spec),
    argument: { destination: '10.0.0.0/8', linkIndex: 1, encap: 'mpls' },
    attribute: 'encap',
    message: /unknown field "encap"; did you mean encapsulation\?/,
  },
  {
    ask: ({ routes }, filter) => routes.list(filter),
    argument: { tabel: 254 },
    attribute: 'tabel',
    message: /did you mean table\?/,
  },
  {
    ask: ({ links }, spec) => links.createVeth(spec),
    argument: { name: 'a0', peer: { name: 'b0', mtu: 1400 } },
    attribute: 'peer.mtu',
    message: /did you mean mtuBytes\?/,
  },
  {
    ask: ({ links }, selector, change) => links.set(selector, change),
    argument: { index: 1 },
    second: { ipv4Conf: { forward: true } },
    attribute: 'ipv4Conf.forward',
    message: /did you mean forwarding\?/,
  },
  {
    ask: ({ links }, selector, change) => links.set(selector, change),
    argument: { index: 1 },
    second: { toString: 1 },
    attribute: 'toString',
    message: /unknown field "toString"/,
  },
  {
    ask: ({ addresses }, filter) => addresses.list(filter),
    argument: { link: 1 },
    attribute: 'link',
    message: /did you mean linkIndex\?/,
  },
  {
    ask: ({ neighbours }, spec) => neighbours.replace(spec),
    argument: { linkIndex: 1, address: '10.0.0.1', lladdr: '02:00:00:00:00:01' },
    attribute: 'lladdr',
    message: /unknown field "lladdr"/,
  },
];

const values: readonly Refusal[] = [
  {
    ask: ({ addresses }, spec) => addresses.add(spec),
    argument: { linkIndex: 1, address: '10.0.0.1/32', scope: 'foo' },
    attribute: 'scope',
    message: /address\.add 10\.0\.0\.1\/32: "foo" is not one of universe, site, link, host, nowhere \(EINVAL\)/,
  },
  {
    ask: ({ links }, selector, change) => links.set(selector, change),
    argument: { index: 1 },
    second: { isUp: 'false' },
    attribute: 'isUp',
    message: /"false" is not true or false/,
  },
  {
    ask: ({ rules }, spec) => rules.add(spec),
    argument: { table: 100 },
    attribute: 'family',
    message: /family is missing/,
  },
  {
    ask: ({ rules }, filter) => rules.list(filter),
    argument: { family: 5 },
    attribute: 'family',
    message: /5 is not one of 4, 6/,
  },
  {
    ask: ({ routes }, spec) => routes.add(spec),
    argument: { destination: '10.0.0.0/8', type: 'black hole' },
    attribute: 'type',
    message: /"black hole" is not one of unicast/,
  },
  {
    ask: ({ links }, selector, change) => links.set(selector, change),
    argument: { index: 1 },
    second: { ipv6AddressGeneration: 'stable' },
    attribute: 'ipv6AddressGeneration',
    message: /"stable" is not one of eui64, none/,
  },
  {
    ask: ({ rules }, spec) => rules.add(spec),
    argument: { family: 4, table: 100, sourcePorts: { first: 1, last: 65_536 } },
    attribute: 'sourcePorts.last',
    message: /65536 is not a whole number from 0 to 65535/,
  },
  {
    ask: ({ addresses }, filter) => addresses.list(filter),
    argument: { linkIndex: NaN },
    attribute: 'linkIndex',
    message: /NaN is not a whole number/,
  },
];

const shapes: readonly Refusal[] = [
  { ask: ({ links }, selector) => links.get(selector), argument: 'v0', message: /link\.get: "v0" is not an object/ },
  { ask: ({ links }, selector) => links.delete(selector), argument: null, message: /null is not an object/ },
  { ask: ({ links }, spec) => links.createVeth(spec), argument: undefined, message: /undefined is not an object/ },
  {
    ask: ({ links }, spec) => links.createVeth(spec),
    argument: { name: 'a0' },
    attribute: 'peer',
    message: /link\.create a0: peer is missing/,
  },
  { ask: ({ addresses }, specs) => addresses.addMany(specs), argument: {}, message: /an object is not a list/ },
  { ask: ({ routes }, address) => routes.get(address), argument: 7, message: /7 is not a text/ },
  { ask: ({ routes }, spec) => routes.delete(spec), argument: [], message: /a list is not an object/ },
  { ask: ({ rules }, filter) => rules.list(filter), argument: 4, message: /4 is not an object with family/ },
];

function refusing(title: string, refusals: readonly Refusal[]): ConformanceCase {
  return {
    title,
    run: async (rtnl) => {
      for (const { ask, argument, second, attribute, message } of refusals) {
        const error = await refused(ask(rtnl, argument as never, second as never), 'EINVAL');
        assert.equal(error.attribute, attribute, error.message);
        assert.match(error.message, message);
      }
      assert.equal((await rtnl.links.list()).length, 1);
    },
  };
}

const cases: readonly ConformanceCase[] = [
  refusing('refuses a field that it does not know, and names the one that was meant', unknownFields),
  refusing('refuses a value that it does not understand', values),
  refusing('refuses an argument of another shape', shapes),
  {
    title: 'refuses one of many addresses and takes the others',
    run: async ({ addresses }) => {
      const specs = [{ linkIndex: 1, address: '10.0.0.1/32' }, { linkIndex: 1, adress: '10.0.0.2/32' }, null];

      const [done, ...failed] = await addresses.addMany(specs as never);

      assert.equal(done?.error, undefined);
      assert.deepEqual(
        failed.map(({ error }) => error?.code),
        ['EINVAL', 'EINVAL'],
      );
      assert.match(failed[0]?.error?.message ?? '', /did you mean address\?/);
    },
  },
  {
    title: 'takes what a list gave out to find or to delete it',
    run: async ({ links, addresses, routes, neighbours, rules }) => {
      const { index: linkIndex } = await links.createVeth({ name: 'a0', isUp: true, peer: { name: 'b0' } });
      await addresses.add({ linkIndex, address: '10.0.0.1/32' });
      await routes.add({ destination: '10.9.0.0/16', linkIndex, protocol: 200 });
      await neighbours.add({ linkIndex, address: '10.0.0.9', mac: '02:00:00:00:00:01' });
      await rules.add({ family: 4, priority: 9, table: 100, mark: 1, markMask: 0xff });

      for (const rule of await rules.list({ table: 100 })) assert.equal(await rules.delete(rule as never), true);
      for (const entry of await neighbours.list({ linkIndex, family: 4 })) {
        assert.equal(await neighbours.delete(entry), true);
      }
      for (const route of await routes.list({ protocol: 200 })) assert.equal(await routes.delete(route as never), true);
      for (const held of await addresses.list({ linkIndex, family: 4 }))
        assert.equal(await addresses.delete(held), true);
      const link = await links.get({ name: 'a0' });
      assert.ok(link);
      assert.equal(await links.delete(link), true);
    },
  },
];

/** What every request does with arguments that plain JavaScript lets through. */
export const argumentCases: readonly ConformanceCase[] = Object.freeze(cases);
