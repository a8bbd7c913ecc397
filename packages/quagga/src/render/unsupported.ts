import type { Diagnostic, FieldPath } from '../errors.ts';
import type { Neighbor, PeerGroup } from '../model/bgp.ts';
import type { Ospf, Ospf6, Ospf6Interface, OspfInterface } from '../model/ospf.ts';
import type { RouteMapEntry } from '../model/policy.ts';
import type { RouterModel } from '../model/router.ts';
import { fault, sortedEntries } from '../validation/finding.ts';

/** A field that Quagga cannot express, present or not, with what to do instead. */
type Check = readonly [present: boolean, path: FieldPath, feature: string, instead: string];

function refused(checks: readonly Check[]): Diagnostic[] {
  return checks
    .filter(([present]) => present)
    .map(([, path, feature, instead]) => fault(path, `Quagga has no ${feature}; ${instead}`));
}

const given = (value: unknown): boolean => value !== undefined;
const OR_FRR = 'leave it out or use --dialect frr';

function bfdCheck(path: FieldPath, use: boolean | string | undefined, instead: string): Check {
  return [given(use) && use !== false, [...path, 'bfd'], 'BFD', instead];
}

function onInterface(path: FieldPath, settings: OspfInterface | Ospf6Interface): Diagnostic[] {
  const retransmit = settings.retransmitIntervalSec ?? 5;
  return refused([
    bfdCheck(path, settings.bfd, 'use short helloIntervalSec and deadIntervalSec, or --dialect frr'),
    [retransmit < 3, [...path, 'retransmitIntervalSec'], 'retransmit interval below 3 s', 'use 3'],
  ]);
}

function process(section: 'ospf' | 'ospf6', settings: Ospf | Ospf6): Diagnostic[] {
  return refused([
    [given(settings.maximumPaths), [section, 'maximumPaths'], '"maximum-paths" for OSPF', OR_FRR],
    [
      given(settings.summaryAddresses),
      [section, 'summaryAddresses'],
      '"summary-address"',
      'announce host routes, or use --dialect frr',
    ],
    [given(settings.aggregationTimerSec), [section, 'aggregationTimerSec'], '"aggregation timer"', OR_FRR],
    [given(settings.gracefulRestart), [section, 'gracefulRestart'], 'OSPF graceful restart', OR_FRR],
  ]);
}

function ospf(model: RouterModel): Diagnostic[] {
  const interfaces = sortedEntries(model.interfaces).flatMap(([name, settings]) => [
    ...(settings.ospf === undefined ? [] : onInterface(['interfaces', name, 'ospf'], settings.ospf)),
    ...(settings.ospf6 === undefined ? [] : onInterface(['interfaces', name, 'ospf6'], settings.ospf6)),
    ...refused([
      [
        settings.ospf?.authentication?.type === 'hmac-sha-256',
        ['interfaces', name, 'ospf', 'authentication'],
        'OSPF authentication by HMAC-SHA-256',
        'use type message-digest, or --dialect frr',
      ],
      [
        given(settings.ospf6?.authentication),
        ['interfaces', name, 'ospf6', 'authentication'],
        'OSPFv3 authentication',
        OR_FRR,
      ],
    ]),
  ]);
  const arrival = model.ospf?.lsaMinArrivalMs ?? 0;
  return [
    ...interfaces,
    ...(model.ospf === undefined ? [] : process('ospf', model.ospf)),
    ...refused([[arrival > 1000, ['ospf', 'lsaMinArrivalMs'], 'LSA arrival time above 1000 ms', 'use at most 1000']]),
    ...(model.ospf6 === undefined ? [] : ospf6(model, model.ospf6)),
  ];
}

function ospf6(model: RouterModel, settings: Ospf6): Diagnostic[] {
  const nssa = (settings.areas ?? []).findIndex((area) => area.type === 'nssa');
  return [
    ...process('ospf6', settings),
    ...refused([
      [given(settings.lsaMinArrivalMs), ['ospf6', 'lsaMinArrivalMs'], '"timers lsa min-arrival" for OSPFv3', OR_FRR],
      [
        given(settings.defaultInformation),
        ['ospf6', 'defaultInformation'],
        '"default-information originate" for OSPFv3',
        OR_FRR,
      ],
      [nssa >= 0, ['ospf6', 'areas', nssa, 'type'], 'OSPFv3 NSSA', 'make it a normal area, or use --dialect frr'],
      [given(model.export?.metric), ['export', 'metric'], 'metric on "redistribute" for OSPFv3', OR_FRR],
      [given(model.export?.metricType), ['export', 'metricType'], 'metric type on "redistribute" for OSPFv3', OR_FRR],
      [given(model.import), ['import'], 'import filter for OSPFv3 ("ipv6 protocol")', OR_FRR],
    ]),
  ];
}

function peer(path: FieldPath, settings: PeerGroup | Neighbor): Diagnostic[] {
  return refused([
    bfdCheck(path, settings.bfd, 'use short timers, or --dialect frr'),
    [
      typeof settings.remoteAs === 'string',
      [...path, 'remoteAs'],
      `"remote-as ${String(settings.remoteAs)}"`,
      'give the AS number',
    ],
    [given(settings.extendedNexthop), [...path, 'extendedNexthop'], '"capability extended-nexthop"', OR_FRR],
    ...(['ipv4', 'ipv6'] as const).map((family): Check => [
      settings[family]?.sendAllPaths === true,
      [...path, family, 'sendAllPaths'],
      '"addpath-tx-all-paths"',
      OR_FRR,
    ]),
  ]);
}

type Set = NonNullable<RouteMapEntry['set']>;

function setOf(path: FieldPath, set: Set | undefined): Diagnostic[] {
  return refused([
    [given(set?.largeCommunity), [...path, 'set', 'largeCommunity'], 'tested large communities', OR_FRR],
    [given(set?.linkBandwidthMbps), [...path, 'set', 'linkBandwidthMbps'], '"set extcommunity bandwidth"', OR_FRR],
  ]);
}

function policies(model: RouterModel): Diagnostic[] {
  const attributes = (model.export?.attributes ?? []).flatMap(({ set }, index) =>
    setOf(['export', 'attributes', index], set),
  );
  const maps = sortedEntries(model.routeMaps).flatMap(([name, map]) =>
    map.entries.flatMap(({ match, set }, index) => {
      const path = ['routeMaps', name, 'entries', index];
      const at = (field: string): FieldPath => [...path, 'match', field];
      return [
        ...refused([
          [given(match?.community), at('community'), 'tested match of communities', OR_FRR],
          [given(match?.largeCommunity), at('largeCommunity'), 'tested large communities', OR_FRR],
        ]),
        ...setOf(path, set),
      ];
    }),
  );
  return [...attributes, ...maps];
}

function bgp(model: RouterModel): Diagnostic[] {
  const settings = model.bgp;
  if (settings === undefined) return [];
  const restart = settings.gracefulRestart;
  // A group of unnumbered neighbors has no AS number to give.
  const unnumbered = (settings.neighbors ?? []).filter(({ interface: link }) => given(link));
  const groups = sortedEntries(settings.peerGroups).map(([name, group]): [string, PeerGroup] =>
    unnumbered.some(({ peerGroup }) => peerGroup === name) ? [name, { ...group, remoteAs: undefined }] : [name, group],
  );
  return [
    ...groups.flatMap(([name, group]) => peer(['bgp', 'peerGroups', name], group)),
    ...(settings.neighbors ?? []).flatMap((neighbor, index) => [
      ...peer(['bgp', 'neighbors', index], neighbor),
      ...refused([
        [
          given(neighbor.interface),
          ['bgp', 'neighbors', index, 'interface'],
          'BGP unnumbered',
          'give the neighbor’s address (preset bgp-numbered)',
        ],
      ]),
    ]),
    ...refused([
      [given(settings.listenRanges), ['bgp', 'listenRanges'], '"bgp listen range"', 'list the neighbors'],
      [given(settings.listenLimit), ['bgp', 'listenLimit'], '"bgp listen limit"', OR_FRR],
      [given(settings.coalesceTimeMs), ['bgp', 'coalesceTimeMs'], '"coalesce-time"', OR_FRR],
      [
        settings.gracefulShutdown === true,
        ['bgp', 'gracefulShutdown'],
        '"bgp graceful-shutdown"',
        'set the community graceful-shutdown in a route map',
      ],
      [
        given(restart?.restartTimeSec),
        ['bgp', 'gracefulRestart', 'restartTimeSec'],
        '"graceful-restart restart-time"',
        OR_FRR,
      ],
      [
        given(restart?.preserveForwardingState),
        ['bgp', 'gracefulRestart', 'preserveForwardingState'],
        '"graceful-restart preserve-fw-state"',
        OR_FRR,
      ],
    ]),
  ];
}

/** Everything in the model that Quagga cannot do. FRR can do all of it. */
export function unsupportedByQuagga(model: RouterModel): Diagnostic[] {
  return [
    ...refused([
      [given(model.profile), ['profile'], '"frr defaults"', 'leave it out; the model’s timers are written out'],
      [given(model.zebra?.workQueueMs), ['zebra', 'workQueueMs'], '"zebra work-queue"', OR_FRR],
      [model.zebra?.nexthopGroups === true, ['zebra', 'nexthopGroups'], 'nexthop groups', OR_FRR],
      [given(model.bfd), ['bfd'], 'BFD', 'use short timers, or --dialect frr'],
      [given(model.raw?.staticd), ['raw', 'staticd'], 'staticd', 'give static routes to raw.zebra'],
      [given(model.raw?.bfdd), ['raw', 'bfdd'], 'BFD', OR_FRR],
    ]),
    ...ospf(model),
    ...bgp(model),
    ...policies(model),
  ];
}
