import type { Fields } from '../../src/preset/merge.ts';
import { type Trial, CONTAINERS, policies } from './trial.ts';

const bgp = (settings: Fields): Fields => ({ bgp: settings });
const fabric = (settings: Fields): Fields => bgp({ peerGroups: { FABRIC: settings } });
const both = (settings: Fields): Fields => fabric({ ipv4: settings, ipv6: settings });

const OUT = { family: 'ipv4', entries: [{ action: 'permit', set: { community: ['65001:7'] } }] };
const PREPEND = { family: 'ipv4', entries: [{ action: 'permit', set: { asPathPrepend: [65001, 65001] } }] };
const IN = { family: 'ipv4', entries: [{ action: 'permit', set: { localPreference: 200 } }] };
const withMap = (map: Fields, field: string): Fields => ({
  ...fabric({ ipv4: { [field]: 'OWN' } }),
  routeMaps: { OWN: map },
});

const NO_BFD = fabric({ bfd: false });

export const BGP: readonly Trial[] = [
  ...policies('flaps'),
  { what: 'the profile', effect: 'restart', to: { profile: 'traditional' } },
  { what: 'the AS number', effect: 'restart', to: bgp({ asn: 65099 }) },
  {
    what: 'other container prefixes, a metric and a tag at once',
    effect: 'hitless',
    to: { containers: ['10.64.0.0/16', ...CONTAINERS], export: { metric: 5, tag: 7 } },
  },
  {
    what: 'a longer path and a metric of some prefixes',
    effect: 'hitless',
    to: {
      export: {
        attributes: [{ match: { prefixes: ['10.112.200.0/24'] }, set: { asPathPrepend: [65001], metric: 7 } }],
      },
    },
    isQuick: true,
  },
  { what: 'metrics that are not compared', effect: 'hitless', to: bgp({ alwaysCompareMed: false }) },
  { what: 'a metric of one family', effect: 'hitless', to: bgp({ ipv4: { metric: 9 } }) },
  { what: 'session timers', effect: 'hitless', to: bgp({ timers: { keepaliveSec: 5, holdSec: 15 } }), isQuick: true },
  { what: 'timers of a group', effect: 'hitless', to: fabric({ timers: { keepaliveSec: 5, holdSec: 15 } }) },
  { what: 'the connect timer', effect: 'hitless', to: fabric({ connectRetrySec: 7 }) },
  { what: 'a description of a group', effect: 'hitless', to: fabric({ description: 'up' }) },
  { what: 'the advertisement interval', effect: 'hitless', to: fabric({ advertisementIntervalSec: 1 }) },
  { what: 'a warning at another number of routes', effect: 'hitless', to: both({ maximumPrefix: { limit: 7000 } }) },
  {
    what: 'a limit that ends sessions',
    effect: 'flaps',
    to: both({ maximumPrefix: { limit: 7000, restartMin: 1 } }),
  },
  { what: 'BFD goes', effect: 'flaps', to: fabric({ bfd: false }) },
  { what: 'BFD comes on one side', effect: 'hitless', both: NO_BFD, to: fabric({ bfd: 'fabric' }) },
  {
    what: 'BFD comes where the neighbor has it',
    effect: 'hitless',
    both: NO_BFD,
    neighbor: fabric({ bfd: 'fabric' }),
    to: fabric({ bfd: 'fabric' }),
  },
  { what: 'BFD without its profile', effect: 'hitless', to: fabric({ bfd: true }) },
  {
    what: 'intervals of BFD',
    effect: 'hitless',
    to: { bfd: { profiles: { fabric: { transmitIntervalMs: 400, receiveIntervalMs: 400 } } } },
  },
  { what: 'passive BFD', effect: 'flaps', to: { bfd: { profiles: { fabric: { passive: true } } } } },
  { what: 'a password on one side', effect: 'flaps', to: fabric({ password: 'abc' }) },
  { what: 'a session shut down', effect: 'flaps', to: fabric({ shutdown: true }) },
  { what: 'a passive session', effect: 'flaps', to: fabric({ passive: true }) },
  { what: 'TTL security on one side', effect: 'flaps', to: fabric({ ttlSecurityHops: 1 }) },
  { what: 'another AS expected', effect: 'flaps', to: fabric({ remoteAs: 65099 }) },
  { what: 'extended next hops', effect: 'flaps', to: fabric({ extendedNexthop: true }) },
  { what: 'one family fewer', effect: 'flaps', to: fabric({ families: ['ipv4'] }) },
  { what: 'soft reconfiguration', effect: 'flaps', to: both({ softReconfigurationInbound: true }) },
  { what: 'the next hop is this router', effect: 'flaps', to: both({ nextHopSelf: true }) },
  { what: 'an own map out: a community', effect: 'unknown', to: withMap(OUT, 'routeMapOut') },
  { what: 'an own map out: a longer path', effect: 'hitless', to: withMap(PREPEND, 'routeMapOut') },
  { what: 'an own map in: a local preference', effect: 'hitless', to: withMap(IN, 'routeMapIn') },
  {
    what: 'an own map out that lets nothing through',
    effect: 'flaps',
    to: withMap({ family: 'ipv4', entries: [{ action: 'deny' }] }, 'routeMapOut'),
  },
  {
    what: 'an own map in: a match of communities',
    effect: 'unknown',
    to: withMap(
      { family: 'ipv4', entries: [{ action: 'deny', match: { community: ['65002:9'] } }, { action: 'permit' }] },
      'routeMapIn',
    ),
  },
  { what: 'an own map goes', effect: 'hitless', from: withMap(OUT, 'routeMapOut'), to: {} },
  {
    what: 'a community in an own map',
    effect: 'unknown',
    from: withMap(OUT, 'routeMapOut'),
    to: withMap({ family: 'ipv4', entries: [{ action: 'permit', set: { community: ['65001:8'] } }] }, 'routeMapOut'),
  },
  {
    what: 'an aggregate',
    effect: 'hitless',
    to: bgp({ ipv4: { aggregateAddresses: [{ prefix: '10.112.200.0/24' }] } }),
  },
  {
    what: 'an aggregate that stands for its routes',
    effect: 'flaps',
    to: bgp({ ipv4: { aggregateAddresses: [{ prefix: '10.112.200.0/24', summaryOnly: true }] } }),
  },
  {
    what: 'an aggregate goes',
    effect: 'flaps',
    from: bgp({ ipv4: { aggregateAddresses: [{ prefix: '10.112.200.0/24' }] } }),
    to: {},
  },
  { what: 'ECMP over several AS goes', effect: 'flaps', to: bgp({ multipathRelax: false }) },
  { what: 'the number of paths', effect: 'flaps', to: bgp({ ipv4: { maximumPaths: 4 } }) },
  {
    what: 'raw: a line of the process',
    effect: 'unknown',
    to: { raw: { bgpd: 'router bgp 65001\n bgp bestpath med missing-as-worst\n' } },
  },
  { what: 'the coalesce time', effect: 'hitless', to: bgp({ coalesceTimeMs: 100 }) },
  { what: 'the log of sessions', effect: 'hitless', to: bgp({ logNeighborChanges: false }) },
  {
    what: 'graceful restart',
    effect: 'flaps',
    both: NO_BFD,
    to: bgp({ gracefulRestart: { restartTimeSec: 60 } }),
  },
  { what: 'graceful shutdown', effect: 'hitless', to: bgp({ gracefulShutdown: true }) },
  { what: 'transit', effect: 'hitless', to: bgp({ transit: true }) },
  { what: 'transit goes', effect: 'flaps', from: bgp({ transit: true }), to: {} },
  {
    what: 'one more neighbor',
    effect: 'flaps',
    to: bgp({
      neighbors: [{ interface: 'eth1' }, { address: '10.0.0.77' }],
    }),
  },
  {
    what: 'a neighbor that nobody was at goes',
    effect: 'flaps',
    from: bgp({
      neighbors: [{ interface: 'eth1' }, { address: '10.0.0.77' }],
    }),
    to: {},
  },
  {
    what: 'a listen range and its limit',
    effect: 'flaps',
    to: bgp({ listenLimit: 50, listenRanges: [{ prefix: '10.0.7.0/24', peerGroup: 'FABRIC' }] }),
  },
];
