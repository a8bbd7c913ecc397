import { addressBits, contains, overlaps } from '@routed/addresses';
import type { Diagnostic, FieldPath } from '../errors.ts';
import { ADDRESS_BITS, afiOf, knownPrefix } from '../prefix.ts';
import type { ImportPolicy } from '../model/policy.ts';
import type { RouterModel } from '../model/router.ts';
import { caution, fault, lookUp, sortedEntries } from './finding.ts';

/** Names of the lists and maps that the renderer writes itself. */
export const RESERVED_NAMES = [
  'CONTAINERS',
  'NO-DEFAULT',
  'AGGREGATES',
  'EXPORT',
  'IMPORT',
  'BGP-OUT',
  'OUT-GUARD',
  'LOOPBACKS',
].flatMap((name) => [name, `${name}6`]);

function isReserved(name: string): boolean {
  return RESERVED_NAMES.includes(name) || /^ATTRIBUTES6?-\d+$/.test(name);
}

const NEVER_ANNOUNCED = ['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3', 'fe80::/10', 'ff00::/8'].map(
  knownPrefix,
);

interface Range {
  readonly ge?: number | undefined;
  readonly le?: number | undefined;
}

/** Rule 5: length < ge <= le <= 32 or 128; the daemons accept worse and then match nothing. */
function checkRange(path: FieldPath, prefix: string, range: Range): Diagnostic[] {
  const { length, family } = knownPrefix(prefix);
  const bits = addressBits(family);
  const { ge, le } = range;
  const found: Diagnostic[] = [];
  if (ge !== undefined && (ge <= length || ge > bits))
    found.push(fault([...path, 'ge'], `must be from ${length + 1} to ${bits} for ${prefix}`));
  if (le !== undefined && (le <= length || le > bits))
    found.push(fault([...path, 'le'], `must be from ${length + 1} to ${bits} for ${prefix}`));
  if (ge !== undefined && le !== undefined && ge > le)
    found.push(fault([...path, 'le'], `must not be less than ge (${ge})`));
  return found;
}

/** Prefixes whose host routes are announced. */
function checkPrefixes(field: string, prefixes: readonly string[], whose: string): Diagnostic[] {
  return prefixes.flatMap((text, index) => {
    const path = [field, index];
    const prefix = knownPrefix(text);
    if (prefix.length === 0) return [fault(path, `is the default route; give the prefixes that ${whose} get`)];
    const bad = NEVER_ANNOUNCED.find((never) => overlaps(never, prefix));
    if (bad !== undefined)
      return [fault(path, `${text} holds link-local, loopback or multicast addresses; give a routable prefix`)];
    return prefixes.indexOf(text) === index ? [] : [caution(path, `${text} is listed twice`)];
  });
}

function checkContainers(model: RouterModel): Diagnostic[] {
  return checkPrefixes('containers', model.containers, 'containers');
}

/** Both sources of a daemon are redistributed by one line each. */
function checkLoopbacks(model: RouterModel): Diagnostic[] {
  const { loopbacks } = model;
  if (loopbacks === undefined) return [];
  const found = checkPrefixes('loopbacks', loopbacks, 'the hosts’ own addresses');
  const permit = model.import?.permit;
  loopbacks.forEach((text, index) => {
    const path = ['loopbacks', index];
    const family = afiOf(text);
    if (!model.containers.some((prefix) => afiOf(prefix) === family))
      found.push(fault(path, `is ${family}, and no container prefix is; remove it`));
    if (model.containers.some((prefix) => overlaps(knownPrefix(prefix), knownPrefix(text))))
      found.push(caution(path, 'overlaps the container prefixes; the plugin may give such an address to a container'));
    if (permit !== undefined && !permitsHosts(permit, text))
      found.push(
        caution(
          ['import', 'permit'],
          `does not permit the host routes in ${text}; add it with le ${ADDRESS_BITS[family]}`,
        ),
      );
  });
  if (model.export?.source === 'connected')
    found.push(
      fault(['loopbacks'], 'are connected routes, which export.source announces already; remove one of the two'),
    );
  return found;
}

/** Rules 7 and 17. */
function checkExport(model: RouterModel): Diagnostic[] {
  const found: Diagnostic[] = [];
  const { export: policy } = model;
  if (model.containers.length === 0 && policy?.unfiltered !== true)
    found.push(fault(['containers'], 'is empty, so nothing would be announced; list the container prefixes'));
  if (policy?.unfiltered === true)
    found.push(
      caution(['export', 'unfiltered'], 'every route of the source is announced, also docker0 and foreign routes'),
    );
  for (const family of ['ipv4', 'ipv6'] as const) {
    const range = policy?.[`${family}Lengths`];
    if (range !== undefined) found.push(...checkLengths(model, family, range));
    found.push(...checkBlock(model, family));
  }
  return found;
}

const BGP_ONLY = ['localPreference', 'community', 'largeCommunity', 'linkBandwidthMbps', 'asPathPrepend'] as const;

/** A list that matches nothing, or a daemon that does not look, would announce other attributes than were asked for. */
function checkAttributes(model: RouterModel): Diagnostic[] {
  const isOspf = model.ospf !== undefined || model.ospf6 !== undefined;
  const containers = model.containers.map(knownPrefix);
  return (model.export?.attributes ?? []).flatMap(({ match, set }, index) => {
    const path = ['export', 'attributes', index];
    const outside = (match.prefixes ?? []).flatMap((text, at) =>
      model.export?.unfiltered === true || containers.some((outer) => contains(outer, knownPrefix(text)))
        ? []
        : [fault([...path, 'match', 'prefixes', at], `${text} is outside of the container prefixes`)],
    );
    const useless = BGP_ONLY.filter((field) => model.bgp === undefined && set[field] !== undefined).map((field) =>
      fault([...path, 'set', field], 'is announced by BGP alone; add a section bgp, or remove it'),
    );
    return [...outside, ...useless, ...(match.metric === undefined ? [] : checkRouteMetric(model, path, isOspf))];
  });
}

function checkRouteMetric(model: RouterModel, path: FieldPath, isOspf: boolean): Diagnostic[] {
  const at = [...path, 'match', 'metric'];
  if (isOspf) return [fault(at, 'is not looked at by ospfd and ospf6d; give prefixes instead')];
  const isReplaced = [model.export?.metric, model.bgp?.ipv4?.metric, model.bgp?.ipv6?.metric].some(
    (metric) => metric !== undefined,
  );
  return isReplaced
    ? [fault(at, 'matches nothing: export.metric or bgp.*.metric replaces it; remove one of them')]
    : [];
}

function checkBlock(model: RouterModel, family: 'ipv4' | 'ipv6'): Diagnostic[] {
  const path = ['export', `${family}Block`];
  const block = model.export?.[`${family}Block`];
  if (block === undefined) return [];
  if (model.export?.unfiltered === true) return [fault(path, 'says nothing: export.unfiltered announces every route')];
  if (block >= ADDRESS_BITS[family]) return [fault(path, `needs a length below ${ADDRESS_BITS[family]}`)];
  return model.containers
    .filter((prefix) => afiOf(prefix) === family && knownPrefix(prefix).length >= block)
    .map((prefix) => fault(path, `is not longer than the container prefix ${prefix}`));
}

function checkLengths(model: RouterModel, family: 'ipv4' | 'ipv6', range: Range): Diagnostic[] {
  const path = ['export', `${family}Lengths`];
  const bits = ADDRESS_BITS[family];
  const ge = range.ge ?? 0;
  const le = range.le ?? bits;
  if (ge > le || le > bits) return [fault(path, `needs ge <= le <= ${bits}`)];
  const own = model.containers.filter((prefix) => afiOf(prefix) === family).map(knownPrefix);
  const found = own
    .filter((prefix) => prefix.length > le)
    .map((prefix) =>
      fault(
        path,
        `le ${le} is shorter than the container prefix of length ${prefix.length}; nothing in it would be announced`,
      ),
    );
  if (ge < bits && le === bits && model.ospf !== undefined && family === 'ipv4')
    found.push(
      fault(
        path,
        'announces pools and host routes together; OSPFv2 then loses the host route with the same base address. Announce one kind: ge 32, or le below 32',
      ),
    );
  const nested = own.some((a) => own.some((b) => a !== b && a.first === b.first && contains(a, b)));
  if (ge < bits && nested)
    found.push(
      fault(path, 'announces pools of nested container prefixes with the same base address; give disjoint prefixes'),
    );
  return found;
}

/** True when an entry takes every host route of a prefix. */
function permitsHosts(permit: ImportPolicy['permit'], text: string): boolean {
  return permit.some((entry) => {
    const wanted = knownPrefix(text);
    const longest =
      entry.le ?? (entry.ge === undefined ? knownPrefix(entry.prefix).length : addressBits(wanted.family));
    return contains(knownPrefix(entry.prefix), wanted) && longest === addressBits(wanted.family);
  });
}

function checkImport(model: RouterModel): Diagnostic[] {
  const permit = model.import?.permit ?? [];
  const found = permit.flatMap((entry, index) => checkRange(['import', 'permit', index], entry.prefix, entry));
  const missing = permit.length === 0 ? [] : model.containers.filter((text) => !permitsHosts(permit, text));
  return [
    ...found,
    ...missing.map((text) =>
      caution(
        ['import', 'permit'],
        `does not permit the host routes in ${text}, so containers of other hosts stay unreachable; add it with le 32 or 128`,
      ),
    ),
  ];
}

function checkLists(model: RouterModel): Diagnostic[] {
  return sortedEntries(model.prefixLists).flatMap(([name, list]) => {
    const path = ['prefixLists', name];
    const found = list.entries.flatMap((entry, index) => [
      ...checkRange([...path, 'entries', index], entry.prefix, entry),
      ...(afiOf(entry.prefix) === list.family
        ? []
        : [fault([...path, 'entries', index, 'prefix'], `is no ${list.family} prefix`)]),
    ]);
    if (isReserved(name)) found.push(fault(path, 'is a name that the renderer uses itself; choose another'));
    return [...found, ...checkSequence([...path, 'entries'], list.entries)];
  });
}

function checkSequence(path: FieldPath, entries: readonly { seq?: number | undefined }[]): Diagnostic[] {
  const given = entries.filter((entry) => entry.seq !== undefined).length;
  if (given !== 0 && given !== entries.length)
    return [fault(path, 'give seq to every entry or to none (then 5, 10, 15... or 10, 20, 30...)')];
  return entries.flatMap((entry, index) => {
    const previous = entries[index - 1]?.seq;
    const rises = entry.seq === undefined || previous === undefined || entry.seq > previous;
    return rises ? [] : [fault([...path, index, 'seq'], `must be greater than ${previous}`)];
  });
}

/** Rule 6: what a route map names must exist; a missing prefix list silently announces nothing. */
function checkMaps(model: RouterModel): Diagnostic[] {
  return sortedEntries(model.routeMaps).flatMap(([name, map]) => {
    const path = ['routeMaps', name];
    const found = map.entries.flatMap((entry, index) => {
      const list = entry.match?.prefixList;
      const at = [...path, 'entries', index, 'match', 'prefixList'];
      if (list === undefined) return [];
      const target = lookUp(model.prefixLists, list);
      if (target === undefined) return [fault(at, `prefix list ${list} does not exist; define it under prefixLists`)];
      return target.family === map.family
        ? []
        : [fault(at, `prefix list ${list} is ${target.family}, the route map ${map.family}`)];
    });
    if (isReserved(name)) found.push(fault(path, 'is a name that the renderer uses itself; choose another'));
    return [...found, ...checkSequence([...path, 'entries'], map.entries)];
  });
}

export function policyRules(model: RouterModel): Diagnostic[] {
  return [checkContainers, checkLoopbacks, checkExport, checkAttributes, checkImport, checkLists, checkMaps].flatMap(
    (rule) => rule(model),
  );
}
