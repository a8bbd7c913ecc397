import fc from 'fast-check';
import {
  container4,
  container6,
  ifname,
  int,
  ipv4,
  key,
  maybe,
  name,
  prefix4,
  rarely,
  record,
  words,
  type Arb,
} from './primitives.ts';

const family = record({
  routeMapIn: rarely(name),
  routeMapOut: rarely(name),
  nextHopSelf: maybe(fc.boolean()),
  routeReflectorClient: rarely(fc.boolean()),
  softReconfigurationInbound: maybe(fc.boolean()),
  allowOwnAs: rarely(int(1, 10)),
  sendAllPaths: rarely(fc.boolean()),
  maximumPrefix: maybe(
    record({
      limit: int(1, 4294967295),
      thresholdPercent: maybe(int(1, 100)),
      warningOnly: rarely(fc.constant(true)),
      restartMin: rarely(int(1, 65535)),
    }),
  ),
});
const timers = record({ keepaliveSec: int(1, 3), holdSec: int(4, 65535) });
const session = {
  description: maybe(words),
  password: maybe(key(80)),
  shutdown: maybe(fc.boolean()),
  passive: maybe(fc.boolean()),
  bfd: maybe(fc.oneof(fc.boolean(), fc.constant('fast'))),
  timers: maybe(timers),
  connectRetrySec: maybe(int(1, 65535)),
  advertisementIntervalSec: maybe(int(0, 600)),
  ebgpMultihop: rarely(int(2, 255)),
  ttlSecurityHops: rarely(int(1, 254)),
  updateSource: maybe(fc.oneof(ifname, ipv4, fc.ipV6())),
};
const groupOnly = {
  extendedNexthop: maybe(fc.boolean()),
  families: rarely(fc.uniqueArray(fc.constantFrom('ipv4', 'ipv6'), { minLength: 1 })),
  ipv4: maybe(family),
  ipv6: maybe(family),
};
const remoteAs = fc.oneof(int(1, 4294967295), fc.constantFrom('internal', 'external'));
const address = fc.oneof(
  ipv4,
  int(1, 65535).map((group) => `fd00::${group.toString(16)}`),
);
const neighbor = fc.oneof(
  record({ address, remoteAs, ...session, ...groupOnly }),
  record({ address, peerGroup: fc.constant('GROUP'), ...session }),
  record({ interface: ifname, v6only: maybe(fc.boolean()), remoteAs, ...session, ...groupOnly }),
  record({ interface: ifname, peerGroup: fc.constant('GROUP'), ...session }),
);

const routes = (prefix: Arb<string>): Arb =>
  record({
    maximumPaths: maybe(int(1, 256)),
    maximumPathsIbgp: maybe(int(1, 256)),
    aggregateAddresses: maybe(
      fc.uniqueArray(record({ prefix, summaryOnly: maybe(fc.boolean()) }), {
        maxLength: 2,
        selector: (one) => one.prefix,
      }),
    ),
    metric: maybe(int(0, 16777214)),
  });

/** Graceful restart and BFD exclude each other. */
function withoutClash(value: Record<string, unknown>): Record<string, unknown> {
  if (value.gracefulRestart === undefined) return value;
  return JSON.parse(JSON.stringify(value, (key, field: unknown) => (key === 'bfd' ? undefined : field))) as Record<
    string,
    unknown
  >;
}

const anyBgp = record({
  asn: int(1, 4294967294),
  transit: maybe(fc.boolean()),
  multipathRelax: maybe(fc.boolean()),
  alwaysCompareMed: maybe(fc.boolean()),
  clusterId: rarely(ipv4),
  logNeighborChanges: maybe(fc.boolean()),
  gracefulRestart: maybe(
    record({
      restartTimeSec: maybe(int(0, 4095)),
      stalePathTimeSec: maybe(int(1, 4095)),
      preserveForwardingState: maybe(fc.boolean()),
    }),
  ),
  gracefulShutdown: maybe(fc.boolean()),
  coalesceTimeMs: maybe(int(0, 4294967295)),
  timers: maybe(timers),
  peerGroups: record({ GROUP: record({ remoteAs, ...session, ...groupOnly }) }),
  neighbors: fc.uniqueArray(neighbor, { minLength: 1, maxLength: 4, selector: (one) => one.address ?? one.interface }),
  listenLimit: maybe(int(1, 65535)),
  listenRanges: rarely(
    fc.uniqueArray(record({ prefix: prefix4, peerGroup: fc.constant('GROUP') }), {
      maxLength: 2,
      selector: (one) => one.prefix,
    }),
  ),
  ipv4: maybe(routes(container4)),
  ipv6: maybe(routes(container6)),
});

export const bgp = anyBgp.map(withoutClash);

const profile = record({
  receiveIntervalMs: maybe(int(10, 60000)),
  transmitIntervalMs: maybe(int(10, 60000)),
  detectMultiplier: maybe(int(2, 255)),
  passive: maybe(fc.boolean()),
});
/** Everything that uses a profile names this one. */
export const bfd = fc.record({ profiles: fc.record({ fast: profile }) });
