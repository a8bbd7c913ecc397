import { comparePrefixes, hostPrefix } from '@routed/addresses';
import type { Bgp, Neighbor, PeerFamily, PeerGroup } from '../model/bgp.ts';
import type { RouterModel } from '../model/router.ts';
import { compareText, sortedEntries } from '../validation/finding.ts';
import type { Dialect } from '../dialect.ts';
import { type Afi, afiOf, knownPrefix } from '../prefix.ts';
import type { ConfigBlock } from '../text/block.ts';
import { loopbackLines } from './common.ts';
import { LOCAL_ROUTES, compact, setting } from './filters.ts';
import { OUT_GUARD, type Policies, policyName } from './policy.ts';

type Profile = NonNullable<RouterModel['profile']>;

const CONNECT_RETRY_SEC = { traditional: 120, datacenter: 10 } as const;
const TIMERS = { traditional: '60 180', datacenter: '3 9' } as const;

/** Interfaces by name, then addresses in numeric order: the same model always renders to the same bytes. */
function compareNeighbors(a: Neighbor, b: Neighbor): number {
  if (a.address !== undefined && b.address !== undefined)
    return comparePrefixes(knownPrefix(hostPrefix(a.address)), knownPrefix(hostPrefix(b.address)));
  if (a.interface !== undefined && b.interface !== undefined) return compareText(a.interface, b.interface);
  return a.interface === undefined ? 1 : -1;
}

export function neighborName(neighbor: Neighbor): string {
  return neighbor.address ?? neighbor.interface ?? '';
}

function timers(value: Bgp['timers']): string | undefined {
  return value === undefined ? undefined : `${value.keepaliveSec} ${value.holdSec}`;
}

/** Session settings of a neighbor or peer group, in the order of FRR's running configuration. */
function sessionLines(name: string, peer: PeerGroup, profile: Profile): string[] {
  const head = `neighbor ${name}`;
  const { bfd } = peer;
  return compact([
    setting(`${head} description`, peer.description),
    peer.shutdown === true && `${head} shutdown`,
    bfd !== undefined && bfd !== false && `${head} bfd`,
    typeof bfd === 'string' && `${head} bfd profile ${bfd}`,
    setting(`${head} password`, peer.password),
    peer.passive === true && `${head} passive`,
    setting(`${head} ebgp-multihop`, peer.ebgpMultihop),
    setting(`${head} ttl-security hops`, peer.ttlSecurityHops),
    setting(`${head} update-source`, peer.updateSource),
    setting(`${head} advertisement-interval`, peer.advertisementIntervalSec),
    setting(`${head} timers`, timers(peer.timers)),
    setting(`${head} timers connect`, peer.connectRetrySec, CONNECT_RETRY_SEC[profile]),
    peer.extendedNexthop === true && `${head} capability extended-nexthop`,
  ]);
}

function groupLines(name: string, group: PeerGroup, profile: Profile): string[] {
  const remoteAs = setting(`neighbor ${name} remote-as`, group.remoteAs);
  return compact([`neighbor ${name} peer-group`, remoteAs, ...sessionLines(name, group, profile)]);
}

function neighborLines(neighbor: Neighbor, profile: Profile): string[] {
  const name = neighborName(neighbor);
  const remoteAs = setting(`neighbor ${name} remote-as`, neighbor.remoteAs);
  const member = setting(`neighbor ${name} peer-group`, neighbor.peerGroup);
  if (neighbor.interface === undefined) return compact([remoteAs, member, ...sessionLines(name, neighbor, profile)]);
  const head = `neighbor ${name} interface${neighbor.v6only === true ? ' v6only' : ''}`;
  const first =
    neighbor.peerGroup === undefined
      ? `${head} remote-as ${neighbor.remoteAs ?? ''}`
      : `${head} peer-group ${neighbor.peerGroup}`;
  return [first, ...compact([neighbor.peerGroup !== undefined && remoteAs]), ...sessionLines(name, neighbor, profile)];
}

interface Peer {
  readonly name: string;
  readonly settings: PeerGroup;
  readonly families: readonly Afi[];
}

/** What carries address families: peer groups, and neighbors without one. */
function peersOf(bgp: Bgp): Peer[] {
  const neighbors = (bgp.neighbors ?? []).toSorted(compareNeighbors);
  const groups = sortedEntries(bgp.peerGroups).map(([name, settings]) => {
    const members = neighbors.filter((neighbor) => neighbor.peerGroup === name);
    const ranges = (bgp.listenRanges ?? []).filter((range) => range.peerGroup === name);
    const carried = [...members.flatMap(neighborFamilies), ...ranges.map(({ prefix }) => afiOf(prefix))];
    return { name, settings, families: settings.families ?? carried };
  });
  const single = neighbors
    .filter((neighbor) => neighbor.peerGroup === undefined)
    .map((neighbor) => ({
      name: neighborName(neighbor),
      settings: neighbor,
      families: neighbor.families ?? neighborFamilies(neighbor),
    }));
  return [...groups, ...single];
}

/** A session over IPv4 carries IPv4, one over IPv6 carries IPv6, an unnumbered one both. */
function neighborFamilies(neighbor: Neighbor): Afi[] {
  return neighbor.address === undefined ? ['ipv4', 'ipv6'] : [afiOf(neighbor.address)];
}

function maximumPrefix(head: string, guard: PeerFamily['maximumPrefix']): string | false {
  if (guard === undefined) return false;
  const words = [
    `${head} maximum-prefix ${guard.limit}`,
    guard.thresholdPercent !== undefined && guard.thresholdPercent !== 75 && String(guard.thresholdPercent),
    guard.warningOnly === true && 'warning-only',
    setting('restart', guard.restartMin),
  ];
  return words.filter((word) => word !== false).join(' ');
}

/** What a map of the operator's is never asked about: it chooses among what the policies let through. */
function guards(head: string, settings: PeerFamily, family: Afi, isTransit: boolean): (string | false)[] {
  const [own, out] = [settings.routeMapIn !== undefined, settings.routeMapOut !== undefined];
  return [
    own && `${head} prefix-list ${policyName('IMPORT', family)} in`,
    out && `${head} prefix-list ${policyName(OUT_GUARD, family)} out`,
    out && !isTransit && `${head} filter-list ${LOCAL_ROUTES} out`,
  ];
}

function peerFamilyLines(peer: Peer, family: Afi, isTransit: boolean): string[] {
  const head = `neighbor ${peer.name}`;
  const settings = peer.settings[family] ?? {};
  return compact([
    `${head} activate`,
    settings.routeReflectorClient === true && `${head} route-reflector-client`,
    settings.nextHopSelf === true && `${head} next-hop-self`,
    settings.softReconfigurationInbound === true && `${head} soft-reconfiguration inbound`,
    settings.sendAllPaths === true && `${head} addpath-tx-all-paths`,
    setting(`${head} allowas-in`, settings.allowOwnAs),
    maximumPrefix(head, settings.maximumPrefix),
    ...guards(head, settings, family, isTransit),
    `${head} route-map ${settings.routeMapIn ?? policyName('IMPORT', family)} in`,
    `${head} route-map ${settings.routeMapOut ?? policyName('BGP-OUT', family)} out`,
  ]);
}

function redistribution(model: RouterModel, policies: Policies, family: Afi): string[] {
  const containers = compact([
    `redistribute ${model.export?.source ?? 'kernel'}`,
    setting('metric', model.bgp?.[family]?.metric ?? model.export?.metric),
    setting('route-map', policies.exportMap(family, 'bgp')),
  ]).join(' ');
  return [containers, ...loopbackLines(policies, family)];
}

/** Quagga redistributes IPv4 in the context of the router: in the address family the line ends that context. */
function isOfRouter(family: Afi, dialect: Dialect): boolean {
  return dialect === 'quagga' && family === 'ipv4';
}

function familyBlock(model: RouterModel, bgp: Bgp, policies: Policies, family: Afi, dialect: Dialect): ConfigBlock[] {
  if (!policies.announces(family)) return [];
  const settings = bgp[family] ?? {};
  const isTransit = bgp.transit === true;
  const aggregates = (settings.aggregateAddresses ?? []).toSorted((a, b) =>
    comparePrefixes(knownPrefix(a.prefix), knownPrefix(b.prefix)),
  );
  const lines = compact([
    ...aggregates.map(
      ({ prefix, summaryOnly }) => `aggregate-address ${prefix}${summaryOnly === true ? ' summary-only' : ''}`,
    ),
    ...(isOfRouter(family, dialect) ? [] : redistribution(model, policies, family)),
    ...peersOf(bgp).flatMap((peer) => (peer.families.includes(family) ? peerFamilyLines(peer, family, isTransit) : [])),
    setting('maximum-paths', settings.maximumPaths, 256),
    setting('maximum-paths ibgp', settings.maximumPathsIbgp, 256),
  ]);
  return [{ header: `address-family ${family} unicast`, lines }];
}

function gracefulRestart(bgp: Bgp): (string | false)[] {
  const restart = bgp.gracefulRestart;
  if (restart === undefined) return [];
  return [
    'bgp graceful-restart',
    setting('bgp graceful-restart restart-time', restart.restartTimeSec, 120),
    setting('bgp graceful-restart stalepath-time', restart.stalePathTimeSec, 360),
    restart.preserveForwardingState === true && 'bgp graceful-restart preserve-fw-state',
  ];
}

function logNeighborChanges(bgp: Bgp, profile: Profile): string | false {
  const standard = profile === 'datacenter';
  if (bgp.logNeighborChanges === undefined || bgp.logNeighborChanges === standard) return false;
  return bgp.logNeighborChanges ? 'bgp log-neighbor-changes' : 'no bgp log-neighbor-changes';
}

/**
 * Peer groups spelled out. Quagga binds a group per address family and refuses a group that the family does not
 * know yet; without groups there is nothing to get wrong.
 */
function withoutGroups(bgp: Bgp): Bgp {
  const neighbors = (bgp.neighbors ?? []).map(({ peerGroup, ...neighbor }) => ({
    ...(peerGroup === undefined ? {} : bgp.peerGroups?.[peerGroup]),
    ...neighbor,
  }));
  return { ...bgp, peerGroups: undefined, neighbors };
}

/** `router bgp`. Every neighbor has a map in both directions, so nothing passes that no policy names. */
export function bgpBlocks(model: RouterModel, policies: Policies, dialect: Dialect): ConfigBlock[] {
  if (model.bgp === undefined) return [];
  const bgp = dialect === 'frr' ? model.bgp : withoutGroups(model.bgp);
  const profile = model.profile ?? 'traditional';
  const ranges = (bgp.listenRanges ?? []).toSorted((a, b) =>
    comparePrefixes(knownPrefix(a.prefix), knownPrefix(b.prefix)),
  );
  const lines = compact([
    `bgp router-id ${model.routerId}`,
    logNeighborChanges(bgp, profile),
    bgp.alwaysCompareMed === true && 'bgp always-compare-med',
    'no bgp default ipv4-unicast',
    setting('bgp cluster-id', bgp.clusterId),
    setting('coalesce-time', bgp.coalesceTimeMs),
    bgp.gracefulShutdown === true && 'bgp graceful-shutdown',
    ...gracefulRestart(bgp),
    bgp.multipathRelax === true && 'bgp bestpath as-path multipath-relax',
    setting('timers bgp', timers(bgp.timers), TIMERS[profile]),
    ...sortedEntries(bgp.peerGroups).flatMap(([name, group]) => groupLines(name, group, profile)),
    ...(bgp.neighbors ?? []).toSorted(compareNeighbors).flatMap((neighbor) => neighborLines(neighbor, profile)),
    setting('bgp listen limit', bgp.listenLimit, 100),
    ...(policies.announces('ipv4') && isOfRouter('ipv4', dialect) ? redistribution(model, policies, 'ipv4') : []),
    ...ranges.map(({ prefix, peerGroup }) => `bgp listen range ${prefix} peer-group ${peerGroup}`),
  ]);
  const blocks = (['ipv4', 'ipv6'] as const).flatMap((family) => familyBlock(model, bgp, policies, family, dialect));
  return [{ header: `router bgp ${bgp.asn}`, lines, blocks }];
}
