import type { Diagnostic, FieldPath } from '../errors.ts';
import { afiOf } from '../prefix.ts';
import type { Ospf, Ospf6, Ospf6Interface, OspfInterface } from '../model/ospf.ts';
import type { RouterModel } from '../model/router.ts';
import { checkLifetimes } from './keys.ts';
import { caution, defaultRoutes, fault, listedTwice, sortedEntries } from './finding.ts';

const DEFAULT_HELLO_SEC = 10;

/** Rule 8. */
function checkTimers(path: FieldPath, settings: OspfInterface | Ospf6Interface): Diagnostic[] {
  const hello = settings.helloIntervalSec ?? DEFAULT_HELLO_SEC;
  const dead = settings.deadIntervalSec;
  if (dead !== undefined && dead <= hello)
    return [
      fault([...path, 'deadIntervalSec'], `must be greater than the hello interval (${hello}); use ${4 * hello}`),
    ];
  return dead === undefined && hello > 16383
    ? [fault([...path, 'helloIntervalSec'], 'four times this is no valid dead interval; give deadIntervalSec')]
    : [];
}

function checkMinimalHello(path: FieldPath, settings: OspfInterface): Diagnostic[] {
  if (settings.minimalHelloMultiplier === undefined) return [];
  return (['helloIntervalSec', 'deadIntervalSec'] as const)
    .filter((field) => settings[field] !== undefined)
    .map((field) => fault([...path, field], 'has no effect beside minimalHelloMultiplier; remove one of them'));
}

/** Rule 14: a second key with the same id would replace the first; some key has to be sent at any time. */
function checkKeys(path: FieldPath, settings: OspfInterface): Diagnostic[] {
  if (settings.authentication === undefined || !('keys' in settings.authentication)) return [];
  const ids = settings.authentication.keys.map((key) => key.id);
  const found = ids.flatMap((id, index) =>
    ids.indexOf(id) === index ? [] : [fault([...path, 'authentication', 'keys', index, 'id'], `${id} is used twice`)],
  );
  if (settings.authentication.type !== 'hmac-sha-256') return found;
  return [...found, ...checkLifetimes([...path, 'authentication', 'keys'], settings.authentication.keys)];
}

/** Rules 12 and 13. */
function checkOspfInterface(model: RouterModel, name: string, settings: OspfInterface): Diagnostic[] {
  const path = ['interfaces', name, 'ospf'];
  const found = [...checkTimers(path, settings), ...checkMinimalHello(path, settings), ...checkKeys(path, settings)];
  if (model.ospf === undefined) found.push(fault(path, 'needs a section ospf; add "ospf: {}"'));
  if (settings.area !== undefined && (model.ospf?.networks?.length ?? 0) > 0)
    found.push(fault([...path, 'area'], 'clashes with ospf.networks, and the daemon refuses both; use one of them'));
  if (settings.network === 'point-to-point')
    found.push(
      caution(
        [...path, 'network'],
        'point-to-point works with exactly two routers on the link; use point-to-multipoint for more',
      ),
    );
  return found;
}

function checkAreas(section: string, areas: Ospf['areas'] | Ospf6['areas']): Diagnostic[] {
  const ids = (areas ?? []).map((area) => area.id);
  return (areas ?? []).flatMap((area, index) => {
    const path = [section, 'areas', index];
    const found: Diagnostic[] = [];
    if (area.id === '0.0.0.0' && area.type !== undefined)
      found.push(fault([...path, 'type'], 'the backbone is never stub or nssa'));
    if (area.type === 'stub')
      found.push(
        fault(
          [...path, 'type'],
          'is stub, and a stub area carries no container route: they are external (RFC 2328, 3.6); use nssa',
        ),
      );
    if (area.noSummary === true && area.type === undefined)
      found.push(fault([...path, 'noSummary'], 'needs type nssa'));
    if (ids.indexOf(area.id) !== index) found.push(fault([...path, 'id'], `${area.id} is listed twice`));
    const wrong = (area.ranges ?? []).findIndex(
      (range) => afiOf(range.prefix) !== (section === 'ospf' ? 'ipv4' : 'ipv6'),
    );
    if (wrong >= 0) found.push(fault([...path, 'ranges', wrong, 'prefix'], `is of the wrong family for ${section}`));
    return [...found, ...listedTwice([...path, 'ranges'], area.ranges)];
  });
}

/** Rule 10, and families. */
function checkProcess(section: 'ospf' | 'ospf6', settings: Ospf | Ospf6): Diagnostic[] {
  const found: Diagnostic[] = [];
  const { spf } = settings;
  if (spf !== undefined && (spf.delayMs > spf.holdMs || spf.holdMs > spf.maximumHoldMs))
    found.push(fault([section, 'spf'], 'needs delayMs <= holdMs <= maximumHoldMs'));
  const family = section === 'ospf' ? 'ipv4' : 'ipv6';
  settings.summaryAddresses?.forEach(({ prefix, advertise, tag }, index) => {
    const path = [section, 'summaryAddresses', index];
    if (afiOf(prefix) !== family) found.push(fault([...path, 'prefix'], `is no ${family} prefix`));
    if (advertise === false && tag !== undefined)
      found.push(fault([...path, 'tag'], 'has no effect on a summary that is not advertised; remove it'));
  });
  return [
    ...found,
    ...listedTwice([section, 'summaryAddresses'], settings.summaryAddresses),
    ...defaultRoutes([section, 'summaryAddresses'], settings.summaryAddresses),
    ...checkAreas(section, settings.areas),
  ];
}

/** What one socket may join unless told otherwise. Source: linux include/net/ip.h, IP_MAX_MEMBERSHIPS. */
const MAX_GROUPS = 20;

/** ospfd joins a group on each link that has neighbors, and one more where it may become the designated router. */
function checkGroups(model: RouterModel): Diagnostic[] {
  const groups = sortedEntries(model.interfaces).map(([name, { ospf }]) => {
    if (ospf === undefined || ospf.passive === true || name === 'lo') return 0;
    return (ospf.network ?? 'broadcast') === 'broadcast' && ospf.priority !== 0 ? 2 : 1;
  });
  const needed = groups.reduce((sum: number, count) => sum + count, 0);
  return needed <= MAX_GROUPS
    ? []
    : [
        caution(
          ['interfaces'],
          `OSPF joins up to ${needed} multicast groups, and Linux allows ${MAX_GROUPS}; raise net.ipv4.igmp_max_memberships on this host ("routed-plugin doctor --fix" does)`,
        ),
      ];
}

export function ospfRules(model: RouterModel): Diagnostic[] {
  const found: Diagnostic[] = [];
  if (model.ospf !== undefined) found.push(...checkProcess('ospf', model.ospf), ...checkGroups(model));
  if (model.ospf6 !== undefined) found.push(...checkProcess('ospf6', model.ospf6));
  model.ospf?.networks?.forEach(({ prefix }, index) => {
    if (afiOf(prefix) !== 'ipv4')
      found.push(fault(['ospf', 'networks', index, 'prefix'], 'is no IPv4 prefix; OSPFv3 is configured per interface'));
  });
  found.push(...listedTwice(['ospf', 'networks'], model.ospf?.networks));
  const interfaces = sortedEntries(model.interfaces);
  for (const [name, { ospf, ospf6 }] of interfaces) {
    if (ospf !== undefined) found.push(...checkOspfInterface(model, name, ospf));
    if (ospf6 === undefined) continue;
    found.push(...checkTimers(['interfaces', name, 'ospf6'], ospf6));
    if (model.ospf6 === undefined)
      found.push(fault(['interfaces', name, 'ospf6'], 'needs a section ospf6; add "ospf6: {}"'));
  }
  const runs = (key: 'ospf' | 'ospf6'): boolean => interfaces.some(([, settings]) => settings[key] !== undefined);
  if (model.ospf !== undefined && (model.ospf.networks?.length ?? 0) === 0 && !runs('ospf'))
    found.push(fault(['ospf'], 'runs on no interface; give interfaces.<name>.ospf or ospf.networks'));
  const isActive = interfaces.some(([, { ospf }]) => ospf !== undefined && ospf.passive !== true);
  if (model.ospf?.passiveInterfaceDefault === true && !isActive)
    found.push(
      caution(
        ['ospf', 'passiveInterfaceDefault'],
        'makes every interface passive, so there are no neighbors; give interfaces.<name>.ospf for those that have some',
      ),
    );
  if (model.ospf6?.stubRouter === true)
    found.push(
      caution(
        ['ospf6', 'stubRouter'],
        'makes other routers lose the containers of this host; use "quagga-config drain"',
      ),
    );
  if (model.ospf6 !== undefined && !runs('ospf6'))
    found.push(fault(['ospf6'], 'runs on no interface; give interfaces.<name>.ospf6'));
  return found;
}
