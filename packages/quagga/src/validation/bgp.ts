import { overlaps } from '@routed/addresses';
import type { Diagnostic, FieldPath } from '../errors.ts';
import { afiOf, knownPrefix } from '../prefix.ts';
import type { Bgp, Neighbor, PeerGroup } from '../model/bgp.ts';
import type { RouterModel } from '../model/router.ts';
import { caution, defaultRoutes, fault, listedTwice, lookUp, sortedEntries } from './finding.ts';

/** Rule 15. */
function checkTimers(path: FieldPath, timers: Bgp['timers']): Diagnostic[] {
  if (timers === undefined) return [];
  const { keepaliveSec, holdSec } = timers;
  if (holdSec === 0 && keepaliveSec === 0) return [];
  if (holdSec < 3) return [fault([...path, 'holdSec'], 'is 0 (with keepaliveSec 0) or at least 3')];
  return keepaliveSec < holdSec
    ? []
    : [fault([...path, 'keepaliveSec'], `must be less than the hold time (${holdSec})`)];
}

function checkMaps(model: RouterModel, path: FieldPath, peer: PeerGroup): Diagnostic[] {
  return (['ipv4', 'ipv6'] as const).flatMap((family) =>
    (['routeMapIn', 'routeMapOut'] as const).flatMap((field) => {
      const map = peer[family]?.[field];
      if (map === undefined) return [];
      const target = lookUp(model.routeMaps, map);
      const at = [...path, family, field];
      if (target === undefined) return [fault(at, `route map ${map} does not exist; define it under routeMaps`)];
      return target.family === family ? [] : [fault(at, `route map ${map} is ${target.family}`)];
    }),
  );
}

function checkSession(model: RouterModel, bgp: Bgp, path: FieldPath, peer: PeerGroup): Diagnostic[] {
  const found = [...checkTimers([...path, 'timers'], peer.timers), ...checkMaps(model, path, peer)];
  const external = peer.remoteAs === 'external' || (typeof peer.remoteAs === 'number' && peer.remoteAs !== bgp.asn);
  found.push(...checkHops(path, peer));
  if (peer.remoteAs !== undefined && !external && (peer.ebgpMultihop ?? peer.ttlSecurityHops) !== undefined)
    found.push(
      fault([...path, 'remoteAs'], 'is internal, where ebgpMultihop and ttlSecurityHops have no effect; remove them'),
    );
  for (const family of ['ipv4', 'ipv6'] as const) {
    if (external && peer[family]?.routeReflectorClient === true)
      found.push(fault([...path, family, 'routeReflectorClient'], 'applies only to neighbors in the same AS'));
    const guard = peer[family]?.maximumPrefix;
    if (guard !== undefined && guard.warningOnly !== true && bgp.transit !== true)
      found.push(
        caution(
          [...path, family, 'maximumPrefix'],
          'ends the session beyond that limit, on every host at once; use warningOnly, and let the switch limit each host',
        ),
      );
    if (guard?.warningOnly === true && guard.restartMin !== undefined)
      found.push(fault([...path, family, 'maximumPrefix', 'restartMin'], 'clashes with warningOnly; use one of them'));
  }
  return found;
}

/** The limit per host belongs on the switch. */
function checkTowards(model: RouterModel, bgp: Bgp, path: FieldPath, group: PeerGroup): Diagnostic[] {
  if (group.towards === undefined) return [];
  if (bgp.transit !== true) return [fault([...path, 'towards'], 'is for a switch; set bgp.transit, or remove it')];
  return model.fleet === undefined && group.ipv4?.maximumPrefix === undefined && group.ipv6?.maximumPrefix === undefined
    ? [fault([...path, 'towards'], 'needs fleet.containersPerHost, which limits the routes of each host')]
    : [];
}

function checkHops(path: FieldPath, peer: PeerGroup): Diagnostic[] {
  if (peer.ebgpMultihop === undefined || peer.ttlSecurityHops === undefined) return [];
  return [fault([...path, 'ttlSecurityHops'], 'clashes with ebgpMultihop; the daemon refuses both')];
}

/** Who is found on an interface is one hop away. */
function checkUnnumberedHops(path: FieldPath, peer: PeerGroup): Diagnostic[] {
  if (peer.ebgpMultihop !== undefined)
    return [fault([...path, 'ebgpMultihop'], 'does not apply to a neighbor given by interface; remove it')];
  return (peer.ttlSecurityHops ?? 1) > 1
    ? [fault([...path, 'ttlSecurityHops'], 'is 1 for a neighbor given by interface')]
    : [];
}

/** Fields that only a peer group may carry once a neighbor is a member. */
const GROUP_ONLY = ['families', 'ipv4', 'ipv6', 'extendedNexthop'] as const;

function checkNeighbor(model: RouterModel, bgp: Bgp, neighbor: Neighbor, index: number): Diagnostic[] {
  const path = ['bgp', 'neighbors', index];
  const group = lookUp(bgp.peerGroups, neighbor.peerGroup);
  const found = checkSession(model, bgp, path, neighbor);
  if (neighbor.peerGroup !== undefined && group === undefined)
    return [
      ...found,
      fault([...path, 'peerGroup'], `peer group ${neighbor.peerGroup} does not exist; define it under bgp.peerGroups`),
    ];
  if ((neighbor.remoteAs ?? group?.remoteAs) === undefined)
    found.push(fault([...path, 'remoteAs'], 'is missing; give an AS number, internal or external'));
  if (neighbor.remoteAs !== undefined && group?.remoteAs !== undefined)
    found.push(
      fault([...path, 'remoteAs'], `is given by peer group ${neighbor.peerGroup ?? ''} already; remove one of them`),
    );
  if (group !== undefined)
    for (const field of GROUP_ONLY)
      if (neighbor[field] !== undefined)
        found.push(fault([...path, field], 'belongs to the peer group of this neighbor; move it there'));
  const whole = { ...group, ...neighbor };
  if (group !== undefined && checkHops(path, neighbor).length === 0) found.push(...checkHops(path, whole));
  if (neighbor.interface !== undefined) found.push(...checkUnnumberedHops(path, whole));
  if (neighbor.v6only !== undefined && neighbor.interface === undefined)
    found.push(fault([...path, 'v6only'], 'is for BGP unnumbered, a neighbor given by interface'));
  const same = (other: Neighbor): boolean =>
    other.address === neighbor.address && other.interface === neighbor.interface;
  if ((bgp.neighbors ?? []).findIndex(same) !== index) found.push(fault(path, 'is listed twice'));
  return found;
}

function checkRanges(bgp: Bgp): Diagnostic[] {
  const groups = (bgp.listenRanges ?? []).flatMap(({ peerGroup }, index) => {
    const path = ['bgp', 'listenRanges', index, 'peerGroup'];
    const group = lookUp(bgp.peerGroups, peerGroup);
    if (group === undefined)
      return [fault(path, `peer group ${peerGroup} does not exist; define it under bgp.peerGroups`)];
    return group.remoteAs === undefined
      ? [fault(path, `peer group ${peerGroup} needs remoteAs, because its neighbors are dynamic`)]
      : [];
  });
  return [...groups, ...checkOverlaps(bgp.listenRanges ?? [])];
}

function checkOverlaps(ranges: readonly { readonly prefix: string }[]): Diagnostic[] {
  const known = ranges.map(({ prefix }) => knownPrefix(prefix));
  return known.flatMap((prefix, index) => {
    const earlier = known.findIndex((other) => overlaps(other, prefix));
    const path = ['bgp', 'listenRanges', index, 'prefix'];
    return earlier === index ? [] : [fault(path, `overlaps ${ranges[earlier]?.prefix ?? ''}; remove one of them`)];
  });
}

function checkAggregates(bgp: Bgp): Diagnostic[] {
  return (['ipv4', 'ipv6'] as const).flatMap((family) => {
    const path = ['bgp', family, 'aggregateAddresses'];
    const aggregates = bgp[family]?.aggregateAddresses ?? [];
    const wrong = aggregates.flatMap(({ prefix }, index) =>
      afiOf(prefix) === family ? [] : [fault([...path, index, 'prefix'], `is no ${family} prefix`)],
    );
    wrong.push(...defaultRoutes(path, aggregates));
    return [...wrong, ...listedTwice(path, aggregates)];
  });
}

/** Rule 6 for BFD: a missing profile silently means the default timers. */
function checkBfd(model: RouterModel): Diagnostic[] {
  const uses: [FieldPath, boolean | string | undefined][] = [
    ...sortedEntries(model.interfaces).flatMap(
      ([name, { ospf, ospf6 }]): [FieldPath, boolean | string | undefined][] => [
        [['interfaces', name, 'ospf', 'bfd'], ospf?.bfd],
        [['interfaces', name, 'ospf6', 'bfd'], ospf6?.bfd],
      ],
    ),
    ...sortedEntries(model.bgp?.peerGroups).map(([name, group]): [FieldPath, boolean | string | undefined] => [
      ['bgp', 'peerGroups', name, 'bfd'],
      group.bfd,
    ]),
    ...(model.bgp?.neighbors ?? []).map((neighbor, index): [FieldPath, boolean | string | undefined] => [
      ['bgp', 'neighbors', index, 'bfd'],
      neighbor.bfd,
    ]),
  ];
  return uses.flatMap(([path, use]) =>
    typeof use === 'string' && lookUp(model.bfd?.profiles, use) === undefined
      ? [fault(path, `BFD profile ${use} does not exist; define it under bfd.profiles`)]
      : [],
  );
}

/**
 * A daemon that restarts takes its BFD sessions along, so that neighbors drop the routes that graceful restart is to keep:
 * 70 packets were lost in place of 3 when bgpd was killed.
 */
function checkRestart(model: RouterModel): Diagnostic[] {
  const uses = (peer: PeerGroup): boolean => peer.bfd !== undefined && peer.bfd !== false;
  const { bgp, ospf, ospf6 } = model;
  const peers = [...Object.values(bgp?.peerGroups ?? {}), ...(bgp?.neighbors ?? [])];
  const on = (section: 'ospf' | 'ospf6'): boolean =>
    Object.values(model.interfaces ?? {}).some((settings) => (settings[section]?.bfd ?? false) !== false);
  const message = 'clashes with bfd, which takes the routes away all the same; set bfd: false, or remove one of them';
  return [
    ...(bgp?.gracefulRestart !== undefined && peers.some(uses) ? [fault(['bgp', 'gracefulRestart'], message)] : []),
    ...(ospf?.gracefulRestart?.gracePeriodSec !== undefined && on('ospf')
      ? [fault(['ospf', 'gracefulRestart'], message)]
      : []),
    ...(ospf6?.gracefulRestart?.gracePeriodSec !== undefined && on('ospf6')
      ? [fault(['ospf6', 'gracefulRestart'], message)]
      : []),
  ];
}

export function bgpRules(model: RouterModel): Diagnostic[] {
  const { bgp } = model;
  const always = [...checkBfd(model), ...checkRestart(model)];
  if (bgp === undefined) return always;
  const found = [
    ...always,
    ...checkTimers(['bgp', 'timers'], bgp.timers),
    ...checkRanges(bgp),
    ...checkAggregates(bgp),
  ];
  for (const [name, group] of sortedEntries(bgp.peerGroups)) {
    found.push(...checkSession(model, bgp, ['bgp', 'peerGroups', name], group));
    found.push(...checkTowards(model, bgp, ['bgp', 'peerGroups', name], group));
    if (
      Object.hasOwn(model.interfaces ?? {}, name) ||
      (bgp.neighbors ?? []).some((neighbor) => neighbor.interface === name)
    )
      found.push(fault(['bgp', 'peerGroups', name], 'is also the name of an interface; rename the group'));
  }
  (bgp.neighbors ?? []).forEach((neighbor, index) => found.push(...checkNeighbor(model, bgp, neighbor, index)));
  if ((bgp.neighbors ?? []).length === 0 && (bgp.listenRanges ?? []).length === 0)
    found.push(fault(['bgp', 'neighbors'], 'is empty; give at least one neighbor or listen range'));
  return found;
}
