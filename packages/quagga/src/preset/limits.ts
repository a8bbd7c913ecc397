import { type Fields, isRecord, mergeDefaults } from './merge.ts';

/**
 * A host warns of more, and keeps its sessions: ending them would cut off every host at once, when the cluster has grown
 * as when somebody announces a full table. The limit that ends a session belongs on the switch, towards each host. So many
 * routes were measured on FRR 8.4 and 10.3 (docs/reference/performance-routing.md).
 */
const HOST_WARNING = 50_000;
/** A host that moves containers announces more for a while. FRR warns at three quarters of a limit. */
const HEADROOM = 2;
/** A session that the limit has ended is tried again after that many minutes. */
const RESTART_MIN = 5;

function fleetOf({ fleet }: Fields): { hosts: number; containersPerHost: number } | undefined {
  if (!isRecord(fleet)) return undefined;
  const { hosts, containersPerHost } = fleet;
  return typeof hosts === 'number' && typeof containersPerHost === 'number' ? { hosts, containersPerHost } : undefined;
}

/**
 * The guard of a family of a peer group. Towards hosts, the switch ends the session of a host that announces twice what
 * one may have. Everybody else warns. Who gives a restart interval wants sessions to end.
 */
export function guardOf(document: Fields, group: Fields, family: string): Fields {
  const settings = isRecord(group[family]) ? group[family].maximumPrefix : undefined;
  const fleet = fleetOf(document);
  if (group.towards === 'hosts' && fleet !== undefined)
    return { maximumPrefix: { limit: HEADROOM * fleet.containersPerHost, restartMin: RESTART_MIN } };
  const everything = fleet === undefined ? HOST_WARNING : HEADROOM * fleet.hosts * fleet.containersPerHost;
  const ends = isRecord(settings) && settings.restartMin !== undefined;
  return { maximumPrefix: { limit: Math.max(HOST_WARNING, everything), ...(ends ? {} : { warningOnly: true }) } };
}

/** Gives every peer group of hosts its guard, also those that no preset knows. */
export function withHostLimits(document: unknown): unknown {
  if (!isRecord(document) || !isRecord(document.bgp) || !isRecord(document.bgp.peerGroups)) return document;
  const containers: unknown[] = Array.isArray(document.containers) ? document.containers : [];
  const isIpv6 = (prefix: unknown): boolean => typeof prefix === 'string' && prefix.includes(':');
  const families = [...(containers.every(isIpv6) ? [] : ['ipv4']), ...(containers.some(isIpv6) ? ['ipv6'] : [])];
  const guarded = Object.entries(document.bgp.peerGroups).map(([name, group]): [string, unknown] => {
    if (!isRecord(group) || group.towards !== 'hosts' || fleetOf(document) === undefined) return [name, group];
    const guards = families.map((family): [string, Fields] => [family, guardOf(document, group, family)]);
    return [name, mergeDefaults(Object.fromEntries(guards), group)];
  });
  return { ...document, bgp: { ...document.bgp, peerGroups: Object.fromEntries(guarded) } };
}
