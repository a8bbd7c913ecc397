import type { Diagnostic } from '../errors.ts';
import type { OspfInterface } from '../model/ospf.ts';
import type { RouterModel } from '../model/router.ts';
import { caution, fault, sortedEntries } from './finding.ts';

/** What all routers of one segment must agree on; otherwise they never become neighbors, and say so nowhere. */
const SHARED = [
  'area',
  'network',
  'helloIntervalSec',
  'deadIntervalSec',
  'minimalHelloMultiplier',
  'mtuIgnore',
] as const;

/**
 * Rules 1 and 8 across hosts: router ids are unique, and interfaces of the same name, taken to be on the same
 * segment, agree. The first element of a path is the key of the host.
 */
export function checkFleet(models: Readonly<Record<string, RouterModel>>): Diagnostic[] {
  const hosts = sortedEntries(models);
  return hosts.flatMap(([host, model], index) => {
    const earlier = hosts.slice(0, index);
    const twin = earlier.find(([, other]) => other.routerId === model.routerId);
    const found =
      twin === undefined ? [] : [fault([host, 'routerId'], `${model.routerId} is also the router id of ${twin[0]}`)];
    return [...found, ...disagreements(host, model, earlier)];
  });
}

function disagreements(host: string, model: RouterModel, others: readonly [string, RouterModel][]): Diagnostic[] {
  return sortedEntries(model.interfaces).flatMap(([name, { ospf }]) => {
    const peer = others.find(([, other]) => other.interfaces?.[name]?.ospf !== undefined);
    const theirs = peer?.[1].interfaces?.[name]?.ospf;
    if (peer === undefined || ospf === undefined || theirs === undefined) return [];
    const fields: (keyof OspfInterface)[] = SHARED.filter((field) => ospf[field] !== theirs[field]);
    if (JSON.stringify(ospf.authentication) !== JSON.stringify(theirs.authentication)) fields.push('authentication');
    return fields.map((field) =>
      caution(
        [host, 'interfaces', name, 'ospf', field],
        `differs from ${peer[0]}; on one segment all routers need the same`,
      ),
    );
  });
}
