import fc from 'fast-check';
import type { RouterModel } from '../../src/model/router.ts';
import { inspectModel } from '../../src/model/validate.ts';
import { formatPrefix, knownPrefix } from '../../src/prefix.ts';

type Arb<T = unknown> = fc.Arbitrary<T>;
const maybe = <T>(arbitrary: Arb<T>): Arb<T | undefined> => fc.option(arbitrary, { nil: undefined, freq: 2 });
const int = (min: number, max: number): Arb<number> => fc.oneof(fc.constantFrom(min, max), fc.integer({ min, max }));
const record = (fields: Record<string, Arb>): Arb<Record<string, unknown>> =>
  fc
    .record(fields)
    .map((value) => Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)));

const ipv4 = fc.tuple(int(1, 126), int(0, 255), int(0, 255), int(1, 254)).map((octets) => octets.join('.'));
const prefix4 = fc
  .tuple(fc.ipV4(), int(1, 32))
  .map(([address, length]) => formatPrefix(knownPrefix(`${address}/${length}`)));
const container4 = fc
  .tuple(int(16, 31), int(0, 255), int(8, 30))
  .map(([b, c, length]) => formatPrefix(knownPrefix(`10.${b}.${c}.0/${length}`)));
const container6 = fc
  .tuple(int(0, 65535), int(16, 120))
  .map(([group, length]) => formatPrefix(knownPrefix(`fd00:${group.toString(16)}::/${length}`)));
const ifname = fc.constantFrom('eth0', 'eth1', 'bond0.100', 'enp3s0f1', 'wg-mesh', 'veth@x', 'fifteen-letters');
const name = fc.constantFrom('A', 'fast', 'To_Switch.1', 'B-2');
const words = fc.string({
  unit: fc.constantFrom('a', 'Z', '0', '-', '.', "'", '"', '!', '#', 'é', ' '),
  minLength: 1,
  maxLength: 20,
});
const KEY_CHARACTERS = Array.from('aZ09!#"\'$%&*()+,-./:;<=>@[]^_{}~');
const key = (length: number): Arb<string> =>
  fc.string({ unit: fc.constantFrom(...KEY_CHARACTERS), minLength: 1, maxLength: length });
const area = fc.oneof(int(0, 4294967295), ipv4);

const common = {
  area: maybe(area),
  passive: maybe(fc.boolean()),
  cost: maybe(int(1, 65535)),
  priority: maybe(int(0, 255)),
  helloIntervalSec: maybe(int(1, 100)),
  deadIntervalSec: maybe(int(101, 65535)),
  retransmitIntervalSec: maybe(int(1, 65535)),
  mtuIgnore: maybe(fc.boolean()),
  bfd: maybe(fc.oneof(fc.boolean(), fc.constant('fast'))),
};
const ospfAuth = fc.oneof(
  fc.constant({ type: 'null' }),
  record({ type: fc.constant('simple'), key: key(8) }),
  record({
    type: fc.constant('message-digest'),
    keys: fc.uniqueArray(record({ id: int(1, 255), key: key(16) }), {
      minLength: 1,
      maxLength: 3,
      selector: (one) => one.id,
    }),
  }),
);
const networkInterface = record({
  description: maybe(words),
  ospf: maybe(
    record({
      ...common,
      transmitDelaySec: maybe(int(1, 65535)),
      network: maybe(fc.constantFrom('broadcast', 'non-broadcast', 'point-to-point', 'point-to-multipoint')),
      authentication: maybe(ospfAuth),
    }),
  ),
  ospf6: maybe(
    record({
      ...common,
      transmitDelaySec: maybe(int(1, 3600)),
      network: maybe(fc.constantFrom('broadcast', 'point-to-point')),
      instanceId: maybe(int(0, 255)),
      authentication: maybe(
        record({
          keyId: int(1, 65535),
          algorithm: fc.constantFrom('md5', 'hmac-sha-1', 'hmac-sha-256', 'hmac-sha-384', 'hmac-sha-512'),
          key: key(64),
        }),
      ),
    }),
  ),
});

const process = {
  spf: maybe(record({ delayMs: int(0, 10), holdMs: int(10, 1000), maximumHoldMs: int(1000, 600000) })),
  lsaMinArrivalMs: maybe(int(0, 5000)),
  maximumPaths: maybe(int(1, 256)),
  autoCostReferenceBandwidthMbps: maybe(int(1, 4294967)),
  defaultInformation: maybe(
    record({ always: maybe(fc.boolean()), metric: maybe(int(0, 16777214)), metricType: maybe(fc.constantFrom(1, 2)) }),
  ),
  logAdjacencyChanges: maybe(fc.constantFrom(true, false, 'detail')),
  aggregationTimerSec: maybe(int(5, 1800)),
  gracefulRestart: maybe(record({ gracePeriodSec: maybe(int(1, 1800)), helper: maybe(fc.boolean()) })),
};
const ospf = record({
  ...process,
  networks: maybe(fc.array(record({ prefix: prefix4, area: maybe(area) }), { maxLength: 3 })),
  passiveInterfaceDefault: maybe(fc.boolean()),
  lsaAllThrottleMs: maybe(int(0, 5000)),
  maximumMetric: maybe(record({ onStartupSec: maybe(int(5, 86400)), onShutdownSec: maybe(int(5, 100)) })),
  areas: maybe(
    fc.array(
      record({
        id: area,
        type: maybe(fc.constantFrom('stub', 'nssa')),
        authentication: maybe(fc.constantFrom('simple', 'message-digest')),
      }),
      { maxLength: 2 },
    ),
  ),
  summaryAddresses: maybe(fc.array(record({ prefix: container4, tag: maybe(int(1, 4294967295)) }), { maxLength: 2 })),
});

const family = record({
  nextHopSelf: maybe(fc.boolean()),
  softReconfigurationInbound: maybe(fc.boolean()),
  maximumPrefix: maybe(
    record({ limit: int(1, 4294967295), thresholdPercent: maybe(int(1, 100)), restartMin: maybe(int(1, 65535)) }),
  ),
});
const session = {
  description: maybe(words),
  password: maybe(key(80)),
  shutdown: maybe(fc.boolean()),
  passive: maybe(fc.boolean()),
  bfd: maybe(fc.oneof(fc.boolean(), fc.constant('fast'))),
  timers: maybe(record({ keepaliveSec: int(1, 3), holdSec: int(4, 65535) })),
  connectRetrySec: maybe(int(1, 65535)),
  advertisementIntervalSec: maybe(int(0, 600)),
  updateSource: maybe(fc.oneof(ifname, ipv4, fc.ipV6())),
};
const groupOnly = { extendedNexthop: maybe(fc.boolean()), ipv4: maybe(family), ipv6: maybe(family) };
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
const bgp = record({
  asn: int(1, 4294967295),
  transit: maybe(fc.boolean()),
  multipathRelax: maybe(fc.boolean()),
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
  timers: maybe(record({ keepaliveSec: int(1, 3), holdSec: int(4, 65535) })),
  peerGroups: record({ GROUP: record({ remoteAs, ...session, ...groupOnly }) }),
  neighbors: fc.uniqueArray(neighbor, { minLength: 1, maxLength: 4, selector: (one) => one.address ?? one.interface }),
  listenLimit: maybe(int(1, 65535)),
  ipv4: maybe(
    record({
      maximumPaths: maybe(int(1, 256)),
      aggregateAddresses: maybe(
        fc.array(record({ prefix: container4, summaryOnly: maybe(fc.boolean()) }), { maxLength: 2 }),
      ),
      metric: maybe(int(0, 16777214)),
    }),
  ),
});

const profile = record({
  receiveIntervalMs: maybe(int(10, 60000)),
  transmitIntervalMs: maybe(int(10, 60000)),
  detectMultiplier: maybe(int(2, 255)),
  passive: maybe(fc.boolean()),
});
const document = record({
  hostname: maybe(fc.constantFrom('h1', 'rack-7.example')),
  routerId: ipv4,
  profile: maybe(fc.constantFrom('traditional', 'datacenter')),
  log: maybe(
    record({ to: fc.constant('syslog'), level: maybe(fc.constantFrom('emergencies', 'informational', 'debugging')) }),
  ),
  vty: maybe(record({ password: maybe(key(80)), enablePassword: maybe(key(80)) })),
  zebra: maybe(record({ workQueueMs: maybe(int(0, 10000)), netlinkBufferBytes: maybe(int(65536, 2147483647)) })),
  containers: fc.array(fc.oneof(container4, container6), { minLength: 1, maxLength: 4 }),
  export: maybe(
    record({
      source: maybe(fc.constantFrom('kernel', 'connected', 'static')),
      metric: maybe(int(0, 16777214)),
      metricType: maybe(fc.constantFrom(1, 2)),
      tag: maybe(int(1, 4294967295)),
    }),
  ),
  import: maybe(
    record({
      permit: fc.array(record({ prefix: fc.oneof(container4, container6, fc.constantFrom('0.0.0.0/0', '::/0')) }), {
        minLength: 1,
        maxLength: 3,
      }),
    }),
  ),
  interfaces: maybe(fc.dictionary(ifname, networkInterface, { minKeys: 1, maxKeys: 3 })),
  ospf: maybe(ospf),
  ospf6: maybe(record(process)),
  bgp: maybe(bgp),
  bfd: fc.record({ profiles: fc.record({ fast: profile }) }),
  routeMaps: maybe(
    fc.dictionary(
      name,
      record({
        family: fc.constantFrom('ipv4', 'ipv6'),
        entries: fc.array(
          record({
            action: fc.constantFrom('permit', 'deny'),
            description: maybe(words),
            set: maybe(
              record({
                metric: maybe(int(0, 16777214)),
                tag: maybe(int(1, 4294967295)),
                localPreference: maybe(int(0, 4294967295)),
                community: maybe(fc.constant(['65000:7', 'no-export'])),
                asPathPrepend: maybe(fc.constant([65001, 65001])),
              }),
            ),
          }),
          { minLength: 1, maxLength: 3 },
        ),
      }),
      { maxKeys: 2 },
    ),
  ),
});

/** Valid models: what the rules accept of documents that cover every field. */
export const anyModel: fc.Arbitrary<RouterModel> = document
  .map((input) => inspectModel(input).model)
  .filter((model) => model !== undefined);
