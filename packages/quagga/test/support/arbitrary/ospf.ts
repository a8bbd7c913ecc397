import fc from 'fast-check';
import {
  area,
  container4,
  container6,
  int,
  key,
  maybe,
  prefix4,
  rarely,
  record,
  words,
  type Arb,
} from './primitives.ts';

const common = {
  area: maybe(area),
  passive: maybe(fc.boolean()),
  cost: maybe(int(1, 65535)),
  priority: maybe(int(0, 255)),
  retransmitIntervalSec: maybe(int(1, 65535)),
  mtuIgnore: maybe(fc.boolean()),
  bfd: maybe(fc.oneof(fc.boolean(), fc.constant('fast'))),
};
const timers = { helloIntervalSec: maybe(int(1, 100)), deadIntervalSec: maybe(int(101, 65535)) };

const keys = (length: number): Arb =>
  fc.uniqueArray(record({ id: int(1, 255), key: key(length) }), {
    minLength: 1,
    maxLength: 3,
    selector: (one) => one.id,
  });
const moment = fc
  .date({ min: new Date('1993-01-02T00:00:00Z'), max: new Date('2035-12-31T00:00:00Z'), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 19).replace('T', ' '));
/** Two keys of which one is sent until a moment, and the other one from then on. */
const rollOver = ([first, second, a, b]: [unknown, unknown, string, string]): unknown => {
  const [at, end] = a < b ? [a, b] : [b, a];
  return [
    { id: 1, key: first, send: { until: at }, accept: { until: end } },
    { id: 2, key: second, send: { from: at } },
  ];
};
const authentication = fc.oneof(
  fc.constant({ type: 'null' }),
  record({ type: fc.constant('simple'), key: key(8) }),
  record({ type: fc.constant('message-digest'), keys: keys(16) }),
  record({ type: fc.constant('hmac-sha-256'), keys: keys(64) }),
  record({ type: fc.constant('hmac-sha-256'), keys: fc.tuple(key(64), key(64), moment, moment).map(rollOver) }),
);

const ospfFields = {
  ...common,
  transmitDelaySec: maybe(int(1, 65535)),
  network: maybe(fc.constantFrom('broadcast', 'non-broadcast', 'point-to-point', 'point-to-multipoint')),
  authentication: maybe(authentication),
};
const ospf6Fields = {
  ...common,
  ...timers,
  transmitDelaySec: maybe(int(1, 3600)),
  network: maybe(fc.constantFrom('broadcast', 'point-to-point')),
  instanceId: maybe(int(0, 255)),
  authentication: maybe(
    record({ keyId: int(1, 65535), algorithm: fc.constantFrom('md5', 'hmac-sha-256'), key: key(64) }),
  ),
};

export const networkInterface = record({
  description: maybe(words),
  ospf: maybe(
    fc.oneof(record({ ...ospfFields, ...timers }), record({ ...ospfFields, minimalHelloMultiplier: int(2, 10) })),
  ),
  ospf6: maybe(record(ospf6Fields)),
});

const unique = (items: Arb<Record<string, unknown>>, by: string): Arb<Record<string, unknown>[]> =>
  fc.uniqueArray(items, { maxLength: 3, selector: (one) => one[by] });
const advertise = maybe(fc.boolean());
const areaFields = (prefix: Arb<string>): Record<string, Arb> => ({
  id: area,
  type: maybe(fc.constant('nssa')),
  noSummary: rarely(fc.boolean()),
  ranges: rarely(unique(record({ prefix, advertise }), 'prefix')),
});

const process = (prefix: Arb<string>): Record<string, Arb> => ({
  spf: maybe(record({ delayMs: int(0, 10), holdMs: int(10, 1000), maximumHoldMs: int(1000, 600000) })),
  lsaMinArrivalMs: maybe(int(0, 5000)),
  maximumPaths: maybe(int(1, 256)),
  autoCostReferenceBandwidthMbps: maybe(int(1, 4294967)),
  defaultInformation: maybe(
    record({ always: maybe(fc.boolean()), metric: maybe(int(0, 16777214)), metricType: maybe(fc.constantFrom(1, 2)) }),
  ),
  logAdjacencyChanges: maybe(fc.constantFrom(true, false, 'detail')),
  aggregationTimerSec: maybe(int(5, 1800)),
  summaryAddresses: rarely(
    unique(record({ prefix, advertise: rarely(fc.boolean()), tag: maybe(int(1, 4294967295)) }), 'prefix'),
  ),
  gracefulRestart: maybe(record({ gracePeriodSec: maybe(int(1, 1800)), helper: maybe(fc.boolean()) })),
});

export const ospf = record({
  ...process(container4),
  networks: maybe(unique(record({ prefix: prefix4, area: maybe(area) }), 'prefix')),
  passiveInterfaceDefault: maybe(fc.boolean()),
  lsaAllThrottleMs: maybe(int(0, 5000)),
  maximumMetric: maybe(
    record({
      administrative: maybe(fc.constant(true)),
      onStartupSec: maybe(int(5, 86400)),
      onShutdownSec: maybe(int(5, 100)),
    }),
  ),
  areas: maybe(
    unique(
      record({ ...areaFields(container4), authentication: maybe(fc.constantFrom('simple', 'message-digest')) }),
      'id',
    ),
  ),
});

export const ospf6 = record({
  ...process(container6),
  stubRouter: maybe(fc.boolean()),
  areas: rarely(unique(record(areaFields(container6)), 'id')),
});
