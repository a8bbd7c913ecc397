import type { RouterModel } from '../model/router.ts';
import type { Afi } from '../prefix.ts';
import { sortedEntries } from '../validation/finding.ts';
import type { DaemonName } from './config.ts';
import { discards } from './discard.ts';
import { compact, setting } from './filters.ts';
import type { Policies } from './policy.ts';

/** Who may log in to the daemon’s own terminal. */
export function identityLines(model: RouterModel): string[] {
  return compact([
    setting('hostname', model.hostname),
    setting('password', model.vty?.password),
    setting('enable password', model.vty?.enablePassword),
  ]);
}

export function logLines(model: RouterModel): string[] {
  const { log } = model;
  return log === undefined ? [] : [compact(['log syslog', log.level !== 'debugging' && log.level]).join(' ')];
}

/** True when some session or interface uses BFD. */
function usesBfd(model: RouterModel): boolean {
  const uses = [
    ...sortedEntries(model.interfaces).flatMap(([, { ospf, ospf6 }]) => [ospf?.bfd, ospf6?.bfd]),
    ...sortedEntries(model.bgp?.peerGroups).map(([, group]) => group.bfd),
    ...(model.bgp?.neighbors ?? []).map((neighbor) => neighbor.bfd),
  ];
  return uses.some((use) => use !== undefined && use !== false);
}

export function daemonsOf(model: RouterModel): DaemonName[] {
  const wanted: Record<DaemonName, boolean> = {
    zebra: true,
    staticd: discards(model),
    ospfd: model.ospf !== undefined,
    ospf6d: model.ospf6 !== undefined,
    bgpd: model.bgp !== undefined,
    bfdd: model.bfd !== undefined || usesBfd(model),
  };
  return (Object.keys(wanted) as DaemonName[]).filter((daemon) => wanted[daemon] || model.raw?.[daemon] !== undefined);
}

/** What announces the host's own addresses: zebra has them as connected routes. */
export function loopbackLines(policies: Policies, family: Afi): string[] {
  const map = policies.loopbackMap(family);
  return map === undefined ? [] : [`redistribute connected route-map ${map}`];
}

/** The kernel filter of learnt routes. BGP filters per neighbor instead, where a refusal is visible. */
export function importLines(model: RouterModel): string[] {
  if (model.import === undefined) return [];
  return compact([
    model.ospf !== undefined && 'ip protocol ospf route-map IMPORT',
    model.ospf6 !== undefined && 'ipv6 protocol ospf6 route-map IMPORT6',
  ]);
}
