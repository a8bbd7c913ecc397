import type { Fields } from '../../src/preset/merge.ts';
import { type Trial, policies } from './trial.ts';

const ospf = (settings: Fields): Fields => ({ interfaces: { eth1: { ospf: settings } } });
const ospf6 = (settings: Fields): Fields => ({ interfaces: { eth1: { ospf6: settings } } });
const hmac = (...keys: Fields[]): Fields => ospf({ authentication: { type: 'hmac-sha-256', keys } });
const [OLD_KEY, NEXT_KEY] = [
  { id: 1, key: 'abc' },
  { id: 2, key: 'xyz' },
];
const [CHANGE, LATER] = ['2034-01-01 00:00:00', '2034-01-02 00:00:00'];
const AUTHENTICATED = { authentication: { type: 'simple', key: 'abc' } };

export const OSPF: readonly Trial[] = [
  ...policies('hitless'),
  { what: 'the profile', effect: 'restart', to: { profile: 'datacenter' } },
  { what: 'export.metricType', effect: 'hitless', to: { export: { metricType: 1 } } },
  {
    what: 'metric, metric type and tag at once',
    effect: 'hitless',
    to: { export: { metric: 77, metricType: 1, tag: 7 } },
  },
  {
    what: 'a metric of some prefixes',
    effect: 'hitless',
    to: { export: { attributes: [{ match: { prefixes: ['10.112.200.0/24'] }, set: { metric: 200 } }] } },
    isQuick: true,
  },
  { what: 'the cost of a link', effect: 'hitless', to: ospf({ cost: 70 }), isQuick: true },
  { what: 'the priority', effect: 'hitless', to: ospf({ priority: 7 }) },
  {
    what: 'retransmit interval and transmit delay',
    effect: 'hitless',
    to: ospf({ retransmitIntervalSec: 2, transmitDelaySec: 2 }),
  },
  { what: 'the hello interval', effect: 'flaps', to: ospf({ helloIntervalSec: 2 }) },
  { what: 'the dead interval', effect: 'flaps', to: ospf({ deadIntervalSec: 9 }) },
  { what: 'the network type', effect: 'flaps', to: ospf({ network: 'point-to-point' }) },
  { what: 'the area', effect: 'flaps', to: ospf({ area: '0.0.0.7' }) },
  { what: 'the MTU check', effect: 'flaps', to: ospf({ mtuIgnore: true }) },
  { what: 'a passive interface', effect: 'flaps', to: ospf({ passive: true }) },
  { what: 'a password on one side', effect: 'flaps', to: ospf(AUTHENTICATED) },
  {
    what: 'a key on one side',
    effect: 'flaps',
    to: ospf({ authentication: { type: 'message-digest', keys: [{ id: 1, key: 'abc' }] } }),
  },
  { what: 'a key chain on one side', effect: 'flaps', to: hmac(OLD_KEY), isNew: true },
  { what: 'one more key in a chain', effect: 'flaps', both: hmac(OLD_KEY), to: hmac(OLD_KEY, NEXT_KEY), isNew: true },
  {
    what: 'the old key of a chain goes',
    effect: 'flaps',
    both: hmac(OLD_KEY, NEXT_KEY),
    to: hmac(NEXT_KEY),
    isNew: true,
  },
  {
    what: 'lifetimes of the keys in a chain',
    effect: 'flaps',
    both: hmac(OLD_KEY, NEXT_KEY),
    to: hmac(
      { ...OLD_KEY, send: { until: CHANGE }, accept: { until: LATER } },
      { ...NEXT_KEY, send: { from: CHANGE } },
    ),
    isNew: true,
  },
  {
    what: 'another key in a chain on one side',
    effect: 'flaps',
    both: hmac(OLD_KEY),
    to: hmac({ id: 1, key: 'other' }),
    isNew: true,
  },
  { what: 'BFD on one side', effect: 'hitless', to: ospf({ bfd: true }) },
  { what: 'BFD on one side goes', effect: 'flaps', from: ospf({ bfd: true }), to: {} },
  {
    what: 'SPF timers',
    effect: 'hitless',
    to: { ospf: { spf: { delayMs: 10, holdMs: 100, maximumHoldMs: 900 } } },
  },
  { what: 'LSA timers', effect: 'hitless', to: { ospf: { lsaAllThrottleMs: 5, lsaMinArrivalMs: 500 } } },
  { what: 'the number of paths', effect: 'flaps', to: { ospf: { maximumPaths: 4 } } },
  { what: 'the reference bandwidth', effect: 'hitless', to: { ospf: { autoCostReferenceBandwidthMbps: 1000 } } },
  { what: 'the log of adjacencies', effect: 'hitless', to: { ospf: { logAdjacencyChanges: 'detail' } } },
  {
    what: 'the maximum metric at start and end',
    effect: 'hitless',
    to: { ospf: { maximumMetric: { onStartupSec: 5, onShutdownSec: 5 } } },
  },
  {
    what: 'the maximum metric',
    effect: 'hitless',
    to: { ospf: { maximumMetric: { administrative: true } } },
  },
  {
    what: 'the maximum metric goes',
    effect: 'hitless',
    from: { ospf: { maximumMetric: { administrative: true } } },
    to: {},
  },
  {
    what: 'a summary',
    effect: 'flaps',
    to: { ospf: { summaryAddresses: [{ prefix: '10.112.200.0/24' }] } },
  },
  {
    what: 'a summary of nothing that is announced',
    effect: 'flaps',
    to: { ospf: { summaryAddresses: [{ prefix: '10.112.7.0/24' }] } },
  },
  {
    what: 'a summary goes',
    effect: 'flaps',
    from: { ospf: { summaryAddresses: [{ prefix: '10.112.200.0/24' }] } },
    to: {},
  },
  { what: 'the aggregation timer', effect: 'hitless', to: { ospf: { aggregationTimerSec: 9 } } },
  { what: 'help for neighbors that restart', effect: 'hitless', to: { ospf: { gracefulRestart: { helper: true } } } },
  { what: 'a default route', effect: 'flaps', to: { ospf: { defaultInformation: { always: true } } } },
  {
    what: 'options of an area that has no link',
    effect: 'flaps',
    to: { ospf: { areas: [{ id: '0.0.0.9', type: 'nssa' }] } },
  },
  {
    what: 'every interface passive that is not named',
    effect: 'flaps',
    to: { ospf: { passiveInterfaceDefault: true } },
  },
  {
    what: 'OSPF on one more link',
    effect: 'flaps',
    to: { interfaces: { containers: { ospf: { passive: true } } } },
  },
  { what: 'OSPFv3: the cost of a link', effect: 'hitless', to: ospf6({ cost: 70 }) },
  { what: 'OSPFv3: the priority', effect: 'hitless', to: ospf6({ priority: 7 }) },
  {
    what: 'OSPFv3: retransmit interval and transmit delay',
    effect: 'hitless',
    to: ospf6({ retransmitIntervalSec: 2, transmitDelaySec: 2 }),
  },
  { what: 'OSPFv3: hello and dead interval', effect: 'flaps', to: ospf6({ helloIntervalSec: 2, deadIntervalSec: 9 }) },
  { what: 'OSPFv3: the network type', effect: 'flaps', to: ospf6({ network: 'point-to-point' }) },
  { what: 'OSPFv3: the area', effect: 'flaps', to: ospf6({ area: '0.0.0.7' }) },
  { what: 'OSPFv3: a passive interface', effect: 'flaps', to: ospf6({ passive: true }) },
  { what: 'OSPFv3: the MTU check', effect: 'flaps', to: ospf6({ mtuIgnore: true }) },
  {
    what: 'OSPFv3: a key on one side',
    effect: 'flaps',
    to: ospf6({ authentication: { keyId: 1, algorithm: 'md5', key: 'abc' } }),
  },
  {
    what: 'OSPFv3: timers',
    effect: 'hitless',
    to: { ospf6: { spf: { delayMs: 10, holdMs: 100, maximumHoldMs: 900 }, lsaMinArrivalMs: 500 } },
  },
  { what: 'OSPFv3: no transit traffic', effect: 'flaps', to: { ospf6: { stubRouter: true } } },
  { what: 'OSPFv3: the number of paths', effect: 'flaps', to: { ospf6: { maximumPaths: 4 } } },
  {
    what: 'OSPFv3: a summary',
    effect: 'flaps',
    to: { ospf6: { summaryAddresses: [{ prefix: 'fd00:112::/64' }] } },
  },
  {
    what: 'raw: a static route',
    effect: 'unknown',
    to: { raw: { staticd: 'ip route 10.99.0.0/16 blackhole\n' } },
  },
  {
    what: 'raw: a static route goes',
    effect: 'unknown',
    from: { raw: { staticd: 'ip route 10.99.0.0/16 blackhole\n' } },
    to: {},
  },
  {
    what: 'raw: a line of the process',
    effect: 'unknown',
    to: { raw: { ospfd: 'router ospf\n distance 90\n' } },
  },
  {
    what: 'an address of the operator’s stays',
    effect: 'hitless',
    foreign: 'interface eth1\n ip address 10.0.0.1/24\nexit\n',
    to: { export: { tag: 8 } },
  },
  {
    what: 'an address of the operator’s is taken over',
    effect: 'unknown',
    foreign: 'interface eth1\n ip address 10.0.0.1/24\nexit\n',
    takeOver: true,
    to: {},
  },
  {
    what: 'a terminal’s settings are taken over',
    effect: 'hitless',
    foreign: 'line vty\n exec-timeout 0 0\nexit\n',
    takeOver: true,
    to: {},
  },
];
