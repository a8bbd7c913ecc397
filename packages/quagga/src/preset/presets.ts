import { guardOf } from './limits.ts';
import { type Fields, isRecord, mergeDefaults } from './merge.ts';
import type { Dialect } from '../dialect.ts';

export const PRESETS = ['seed', 'lan', 'p2p', 'bgp-numbered', 'bgp-unnumbered'] as const;
export type PresetName = (typeof PRESETS)[number];

const SYSLOG = { to: 'syslog' };
const FAST_SPF = { delayMs: 0, holdMs: 50, maximumHoldMs: 500 };
const GROUP = 'FABRIC';
const BFD_PROFILE = 'fabric';
/**
 * Four losses at 50 ms: a silently dead neighbor is noticed within 0.2 s, which with 50 ms for bgpd keeps traffic from
 * stopping for more than 0.3 s.
 */
const FAST_BFD = { receiveIntervalMs: 50, transmitIntervalMs: 50, detectMultiplier: 4 };

/**
 * A document with everything that the preset supplies. What the document says wins, field by field; lists are
 * taken whole. Without a preset: the classic hand-written file with a safe export policy, plus the one timer that
 * no neighbor has to agree on and without which a route that changes twice within 1 s is stuck for 5 to 10 s.
 */
export function completeDocument(preset: PresetName | undefined, own: Fields, dialect: Dialect): unknown {
  switch (preset) {
    case 'seed':
      return mergeDefaults(seed(), own);
    case 'lan':
      return mergeDefaults(tunedOspf(own, dialect, 'point-to-multipoint'), own);
    case 'p2p':
      return mergeDefaults(tunedOspf(own, dialect, 'point-to-point'), own);
    case 'bgp-numbered':
    case 'bgp-unnumbered':
      return fabric(own, dialect, preset === 'bgp-unnumbered');
    case undefined:
      return mergeDefaults(classic(own), own);
  }
}

function seed(): Fields {
  return { log: SYSLOG, containers: [], export: { unfiltered: true }, ospf: { passiveInterfaceDefault: true } };
}

function classic(own: Fields): Fields {
  const ospf = own.ospf === undefined ? {} : { ospf: { lsaMinArrivalMs: 0, ...passiveDefault(own) } };
  return { log: SYSLOG, containers: [], zebra: {}, ...ospf };
}

/** Network statements also cover container links, which must not speak OSPF. */
function passiveDefault(own: Fields): Fields {
  const networks: unknown = isRecord(own.ospf) ? own.ospf.networks : undefined;
  return Array.isArray(networks) && networks.length > 0 ? { passiveInterfaceDefault: true } : {};
}

/** True when a container prefix is of this family; a document without containers counts as IPv4. */
function has(own: Fields, family: 'ipv4' | 'ipv6'): boolean {
  const containers: unknown[] = Array.isArray(own.containers) ? own.containers : [];
  const isIpv6 = (prefix: unknown): boolean => typeof prefix === 'string' && prefix.includes(':');
  return family === 'ipv6' ? containers.some(isIpv6) : containers.length === 0 || !containers.every(isIpv6);
}

/**
 * With several ways to other hosts, each route has its next hops in itself: with groups, zebra of FRR 8.4 does not put a way back that a
 * link's failure took, or loses the route (test/kernel/uplinks.spec.ts; FRRouting pull request 13413). Later releases do either.
 */
function zebraOf(dialect: Dialect, ways: number): Fields {
  if (dialect === 'quagga') return {};
  return { workQueueMs: 0, ...(ways > 1 ? { nexthopGroups: false } : {}) };
}

/** Hello 1 s, dead 4 s, and nothing waits. Measured on FRR 8.4: a route is in the neighbor's kernel after 1 ms. */
function tunedOspf(own: Fields, dialect: Dialect, network: string): Fields {
  const frr = dialect === 'frr';
  const timers = { helloIntervalSec: 1, deadIntervalSec: 4, retransmitIntervalSec: frr ? 1 : 3 };
  // OSPFv3 knows broadcast and point-to-point only.
  const network6 = network === 'point-to-point' ? { network } : {};
  const ospf = has(own, 'ipv4');
  const ospf6 = has(own, 'ipv6');
  const onInterface = {
    ...(ospf ? { ospf: { ...timers, network } } : {}),
    ...(ospf6 ? { ospf6: { ...timers, ...network6 } } : {}),
  };
  const interfaces = Object.keys(isRecord(own.interfaces) ? own.interfaces : {});
  // No neighbor is on the loopback, and ospfd refuses a network type there.
  const onLoopback = { ...(ospf ? { ospf: {} } : {}), ...(ospf6 ? { ospf6: {} } : {}) };
  return {
    log: SYSLOG,
    zebra: zebraOf(dialect, interfaces.filter((name) => name !== 'lo').length),
    interfaces: Object.fromEntries(interfaces.map((name) => [name, name === 'lo' ? onLoopback : onInterface])),
    ...(ospf ? { ospf: { spf: FAST_SPF, lsaAllThrottleMs: 0, lsaMinArrivalMs: 0, ...passiveDefault(own) } } : {}),
    ...(ospf6 ? { ospf6: { spf: FAST_SPF, ...(frr ? { lsaMinArrivalMs: 0 } : {}) } } : {}),
  };
}

function fabric(own: Fields, dialect: Dialect, unnumbered: boolean): unknown {
  const frr = dialect === 'frr';
  const bgp = isRecord(own.bgp) ? own.bgp : {};
  const neighbors = unnumbered && bgp.neighbors === undefined ? interfacePeers(own) : bgp.neighbors;
  const joined = (Array.isArray(neighbors) ? neighbors : []).map((peer: unknown) => joinGroup(peer));
  const families = (['ipv4', 'ipv6'] as const).filter((family) => has(own, family));
  const defaults = {
    log: SYSLOG,
    ...(frr ? { profile: 'datacenter', bfd: { profiles: { [BFD_PROFILE]: FAST_BFD } } } : {}),
    zebra: zebraOf(dialect, joined.length),
    bgp: {
      multipathRelax: true,
      // routed.metric chooses between hosts, and each host is an AS of its own.
      alwaysCompareMed: true,
      timers: { keepaliveSec: 3, holdSec: 9 },
      peerGroups: Object.fromEntries(
        groupsOf(joined).map((group) => [
          group,
          fabricGroup(own, group, ownGroup(bgp, group), joined, families, dialect),
        ]),
      ),
      ...(frr ? { coalesceTimeMs: 0 } : Object.fromEntries(families.map((family) => [family, { maximumPaths: 16 }]))),
    },
  };
  return mergeDefaults(defaults, joined.length === 0 ? own : { ...own, bgp: { ...bgp, neighbors: joined } });
}

function interfacePeers(own: Fields): Fields[] {
  return Object.keys(isRecord(own.interfaces) ? own.interfaces : {}).map((name) => ({ interface: name }));
}

/** IPv6 addresses get a group of their own: a session carries the family it runs over. */
function joinGroup(peer: unknown): unknown {
  if (!isRecord(peer)) return peer;
  const isIpv6 = typeof peer.address === 'string' && peer.address.includes(':');
  return { peerGroup: isIpv6 ? `${GROUP}6` : GROUP, ...peer };
}

/** What the document itself says of a group. */
function ownGroup(bgp: Fields, group: string): Fields {
  const groups = isRecord(bgp.peerGroups) ? bgp.peerGroups : {};
  return isRecord(groups[group]) ? groups[group] : {};
}

function groupsOf(peers: readonly unknown[]): string[] {
  const used = [GROUP, `${GROUP}6`].filter((group) => peers.some((peer) => isRecord(peer) && peer.peerGroup === group));
  return used.length > 0 || peers.length > 0 ? used : [GROUP];
}

/** The families that a group carries: those that the document gives it, else by its members. */
function carriedFamilies(
  group: string,
  own: Fields,
  members: readonly Fields[],
  families: readonly string[],
): string[] {
  if (Array.isArray(own.families))
    return own.families.map(String).filter((family) => family === 'ipv4' || family === 'ipv6');
  if (members.some((peer) => peer.address === undefined)) return [...families];
  return families.filter((family) => (family === 'ipv6') === group.endsWith('6'));
}

function fabricGroup(
  document: Fields,
  group: string,
  own: Fields,
  peers: readonly unknown[],
  families: readonly string[],
  dialect: Dialect,
): Fields {
  const frr = dialect === 'frr';
  const members = peers.filter(isRecord).filter((peer) => peer.peerGroup === group);
  const carried = carriedFamilies(group, own, members, families);
  // Quagga needs each neighbor's AS number, and unnumbered neighbors it does not have at all.
  const needsAs = !frr && members.some((peer) => peer.address !== undefined);
  const knowsAs = members.some((peer) => peer.remoteAs !== undefined);
  return {
    connectRetrySec: 1,
    ...Object.fromEntries(carried.map((family) => [family, guardOf(document, own, family)])),
    ...(frr ? { bfd: BFD_PROFILE } : {}),
    // Without an AS anywhere: whoever is at the other end.
    ...(knowsAs || needsAs ? {} : { remoteAs: 'external' }),
  };
}
