import fc from 'fast-check';
import {
  container4,
  container6,
  int,
  maybe,
  name,
  prefix4,
  ranged,
  rarely,
  record,
  words,
  type Arb,
} from './primitives.ts';

const communities = fc.uniqueArray(
  fc.constantFrom('65000:7', '0:0', 'no-export', 'no-advertise', 'local-AS', 'graceful-shutdown', 'blackhole'),
  { minLength: 1, maxLength: 3 },
);
const largeCommunities = fc.uniqueArray(fc.constantFrom('65000:7:1', '0:0:0', '4294967295:4294967295:4294967295'), {
  minLength: 1,
  maxLength: 3,
});

const set = record({
  metric: maybe(int(0, 16777214)),
  tag: maybe(int(1, 4294967295)),
  localPreference: maybe(int(0, 4294967295)),
  community: maybe(communities),
  largeCommunity: maybe(largeCommunities),
  linkBandwidthMbps: maybe(int(1, 25600)),
  asPathPrepend: maybe(fc.array(int(1, 4294967294), { minLength: 1, maxLength: 10 })),
});

const attributes = record({
  match: record({
    prefixes: maybe(fc.array(fc.oneof(container4, container6), { minLength: 1, maxLength: 2 })),
    metric: rarely(int(1, 65535)),
  }),
  set,
});

const lengths = record({ ge: maybe(int(1, 32)), le: maybe(int(1, 32)) });

export const exportPolicy = record({
  source: maybe(fc.constantFrom('kernel', 'connected', 'static')),
  ipv4Lengths: rarely(lengths),
  ipv6Lengths: rarely(record({ ge: maybe(int(1, 128)), le: maybe(int(1, 128)) })),
  metric: maybe(int(0, 16777214)),
  metricType: maybe(fc.constantFrom(1, 2)),
  tag: maybe(int(1, 4294967295)),
  attributes: rarely(fc.array(attributes, { minLength: 1, maxLength: 3 })),
  unfiltered: rarely(fc.constant(true)),
});

const permitted = fc.oneof(
  ranged(container4, 32),
  ranged(container6, 128),
  fc.constantFrom({ prefix: '0.0.0.0/0' }, { prefix: '::/0' }),
);
export const importPolicy = record({ permit: fc.array(permitted, { minLength: 1, maxLength: 3 }) });

const action = fc.constantFrom('permit', 'deny');
const numbered = (entries: Arb<Record<string, unknown>[]>): Arb<Record<string, unknown>[]> =>
  fc
    .tuple(entries, fc.boolean())
    .map(([all, isNumbered]) => (isNumbered ? all.map((entry, index) => ({ seq: 7 * index + 3, ...entry })) : all));

const prefixList = (family: 'ipv4' | 'ipv6'): Arb =>
  record({
    family: fc.constant(family),
    description: maybe(words),
    entries: numbered(
      fc.array(
        fc
          .tuple(action, family === 'ipv4' ? ranged(prefix4, 32) : ranged(container6, 128))
          .map(([verb, range]) => ({ action: verb, ...range })),
        { minLength: 1, maxLength: 3 },
      ),
    ),
  });

export const prefixLists = fc.dictionary(name, fc.oneof(prefixList('ipv4'), prefixList('ipv6')), { maxKeys: 2 });

export const routeMaps = fc.dictionary(
  name,
  record({
    family: fc.constantFrom('ipv4', 'ipv6'),
    entries: numbered(
      fc.array(
        record({
          action,
          description: maybe(words),
          match: maybe(
            record({
              prefixList: rarely(name),
              tag: maybe(int(1, 4294967295)),
              metric: maybe(int(1, 4294967295)),
              community: maybe(communities),
              largeCommunity: maybe(largeCommunities),
              localRoutes: maybe(fc.constant(true)),
            }),
          ),
          set: maybe(set),
        }),
        { minLength: 1, maxLength: 3 },
      ),
    ),
  }),
  { maxKeys: 2 },
);
