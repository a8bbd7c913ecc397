import { comparePrefixes, formatPrefix } from '@routed/addresses';
import type { ExportAttributes, PrefixList, RouteMap, RouteMapEntry } from '../model/policy.ts';
import type { RouterModel } from '../model/router.ts';
import { compareText, sortedEntries } from '../validation/finding.ts';
import { ADDRESS_BITS, type Afi, afiOf, knownPrefix } from '../prefix.ts';

/** A prefix list with its lines' order settled. */
export interface NamedPrefixList {
  readonly name: string;
  readonly family: Afi;
  readonly description?: string | undefined;
  readonly entries: readonly string[];
}

export interface NamedRouteMap extends RouteMap {
  readonly name: string;
}

/** The filters of a model: what the policies mean, and the explicit ones. */
export interface Policies {
  /** The route map of `redistribute`; none when unfiltered, which OSPF survives. */
  readonly exportMap: (family: Afi, protocol: 'ospf' | 'bgp') => string | undefined;
  /** The route map of the host's own addresses; none when it announces none of this family. */
  readonly loopbackMap: (family: Afi) => string | undefined;
  /** True when this family has something to redistribute. */
  readonly announces: (family: Afi) => boolean;
  readonly prefixLists: readonly NamedPrefixList[];
  readonly routeMaps: readonly NamedRouteMap[];
}

/** What a host may announce at all, where a route map of the operator's chooses among it. */
export const OUT_GUARD = 'OUT-GUARD';
/** The hosts' own addresses: the list of their prefixes, and the map that redistributes them. */
const LOOPBACKS = 'LOOPBACKS';

const SUFFIX = { ipv4: '', ipv6: '6' } as const;

export function policyName(base: string, family: Afi): string {
  return `${base}${SUFFIX[family]}`;
}

interface Lengths {
  readonly ge?: number | undefined;
  readonly le?: number | undefined;
}

/** `permit P ge G le L`, leaving out what says nothing, as the daemons print it. */
function entryText(action: string, text: string, { ge, le }: Lengths): string {
  const { length } = knownPrefix(text);
  const from = ge !== undefined && ge > length ? ` ge ${ge}` : '';
  const to = le !== undefined && le > length ? ` le ${le}` : '';
  return `${action} ${text}${from}${to}`;
}

function withSequence(entries: readonly string[]): string[] {
  return entries.map((entry, index) => `seq ${5 * (index + 1)} ${entry}`);
}

function ofFamily(prefixes: readonly string[], family: Afi): string[] {
  const own = prefixes.filter((text) => afiOf(text) === family).map(knownPrefix);
  return [...new Set(own.sort(comparePrefixes).map(formatPrefix))];
}

function exportList(model: RouterModel, family: Afi): NamedPrefixList {
  const bits = ADDRESS_BITS[family];
  if (model.export?.unfiltered === true) {
    const all = family === 'ipv4' ? '0.0.0.0/0' : '::/0';
    const entries = withSequence([`deny ${all}`, `permit ${all} le ${bits}`]);
    return { name: policyName('NO-DEFAULT', family), family, entries };
  }
  const entries = announcedIn(model, model.containers, family);
  return { name: policyName('CONTAINERS', family), family, entries: withSequence(entries) };
}

/** What of these prefixes is announced: blocks, and the routes of the lengths that the policy names. */
function announcedIn(model: RouterModel, prefixes: readonly string[], family: Afi): string[] {
  const bits = ADDRESS_BITS[family];
  const every = model.export?.unfiltered === true ? {} : { ge: bits };
  const range = model.export?.[`${family}Lengths`] ?? every;
  const block = model.export?.[`${family}Block`];
  return ofFamily(prefixes, family).flatMap((text) => [
    ...(block === undefined ? [] : [entryText('permit', text, { ge: block, le: block })]),
    entryText('permit', text, withoutDefaults(text, range, bits)),
  ]);
}

/** Drops the bounds that say nothing; but `permit P` without any would match P alone, not what is inside. */
function withoutDefaults(text: string, { ge, le }: Lengths, bits: number): Lengths {
  const lower = ge !== undefined && ge > knownPrefix(text).length ? ge : undefined;
  if (lower === undefined) return { le: le ?? bits };
  return { ge: lower, le: le === bits ? undefined : le };
}

/** The hosts' own addresses. */
function loopbackEntries(model: RouterModel, family: Afi): string[] {
  return ofFamily(model.loopbacks ?? [], family).map((text) => entryText('permit', text, { ge: ADDRESS_BITS[family] }));
}

/** A host takes from others what it announces itself; a switch also takes what another has summed up. */
function importedByDefault(model: RouterModel, family: Afi): string[] {
  const own = loopbackEntries(model, family);
  if (model.bgp?.transit !== true) return [...announcedIn(model, model.containers, family), ...own];
  const all = ofFamily(model.containers, family).map((text) => entryText('permit', text, { le: ADDRESS_BITS[family] }));
  return [...all, ...own];
}

function importList(model: RouterModel, family: Afi): NamedPrefixList {
  const permit = model.import?.permit
    .filter((entry) => afiOf(entry.prefix) === family)
    .toSorted((a, b) => comparePrefixes(knownPrefix(a.prefix), knownPrefix(b.prefix)))
    .map((entry) => entryText('permit', entry.prefix, entry));
  const entries = permit ?? importedByDefault(model, family);
  // An empty list would permit everything.
  const nothing = [`deny ${family === 'ipv4' ? '0.0.0.0/0 le 32' : '::/0 le 128'}`];
  return { name: policyName('IMPORT', family), family, entries: withSequence(entries.length > 0 ? entries : nothing) };
}

function permitEntry(seq: number, list: string, more: Partial<RouteMapEntry> = {}): RouteMapEntry {
  return { seq, action: 'permit', ...more, match: { prefixList: list, ...more.match } };
}

function exportMap(model: RouterModel, family: Afi, list: string): NamedRouteMap {
  const inherited = model.export?.tag === undefined ? {} : { tag: model.export.tag };
  const attributes = isOspf(model, family) ? attributesOf(model, family, list) : [];
  const entries = attributes.map(({ list: own, set: { metric, tag } }) => {
    const set = { ...inherited, ...(metric === undefined ? {} : { metric }), ...(tag === undefined ? {} : { tag }) };
    return { list: own, set };
  });
  const all = [...entries, { list, set: inherited }].map(({ list: own, set }, index) =>
    permitEntry(10 * (index + 1), own, Object.keys(set).length === 0 ? {} : { set }),
  );
  return { name: policyName('EXPORT', family), family, entries: all };
}

function isOspf(model: RouterModel, family: Afi): boolean {
  return (family === 'ipv4' ? model.ospf : model.ospf6) !== undefined;
}

/** `export.attributes` of a family, each with the prefix list that it asks for. */
function attributesOf(model: RouterModel, family: Afi, list: string): (ExportAttributes & { readonly list: string })[] {
  return (model.export?.attributes ?? []).flatMap((entry, index) => {
    const { prefixes } = entry.match;
    if (prefixes === undefined) return [{ ...entry, list }];
    if (ofFamily(prefixes, family).length === 0) return [];
    return [{ ...entry, list: `${policyName('ATTRIBUTES', family)}-${index + 1}` }];
  });
}

function attributeLists(model: RouterModel, family: Afi): NamedPrefixList[] {
  return attributesOf(model, family, '').flatMap(({ match: { prefixes }, list: name }) => {
    if (prefixes === undefined) return [];
    return [{ name, family, entries: withSequence(announcedIn(model, prefixes, family)) }];
  });
}

function bgpOut(model: RouterModel, family: Afi, list: string): [NamedRouteMap, NamedPrefixList[]] {
  const aggregates = (model.bgp?.[family]?.aggregateAddresses ?? []).map(({ prefix }) => prefix);
  const local = model.bgp?.transit === true ? {} : { localRoutes: true as const };
  const attributes = attributesOf(model, family, list).map(({ match: { metric }, set, list: own }) => ({
    list: own,
    match: { ...local, ...(metric === undefined ? {} : { metric }) },
    set,
  }));
  const name = policyName('AGGREGATES', family);
  const more = aggregates.length === 0 ? [] : [{ list: name, match: local }];
  const lists =
    aggregates.length === 0
      ? []
      : [{ name, family, entries: withSequence(ofFamily(aggregates, family).map((text) => `permit ${text}`)) }];
  const own =
    loopbackEntries(model, family).length === 0 ? [] : [{ list: policyName(LOOPBACKS, family), match: local }];
  const entries = [...attributes, { list, match: local }, ...more, ...own].map(({ list: own, ...rest }, index) =>
    permitEntry(10 * (index + 1), own, rest),
  );
  return [{ name: policyName('BGP-OUT', family), family, entries }, lists];
}

/** The list behind {@link OUT_GUARD}: containers and aggregates, or everything but the default route. */
function outGuard(model: RouterModel, family: Afi): NamedPrefixList[] {
  const peers = [...(model.bgp?.neighbors ?? []), ...Object.values(model.bgp?.peerGroups ?? {})];
  if (!peers.some((peer) => peer[family]?.routeMapOut !== undefined)) return [];
  const announced = exportList(model, family).entries.map((entry) => entry.replace(/^seq \d+ /, ''));
  const aggregates = (model.bgp?.[family]?.aggregateAddresses ?? []).map(({ prefix }) => prefix);
  const more =
    model.export?.unfiltered === true
      ? []
      : [...ofFamily(aggregates, family).map((text) => `permit ${text}`), ...loopbackEntries(model, family)];
  return [{ name: policyName(OUT_GUARD, family), family, entries: withSequence([...announced, ...more]) }];
}

/** Families that some neighbor carries, or that OSPF redistributes. */
function usedFamilies(model: RouterModel): Afi[] {
  const present = (family: Afi): boolean =>
    model.containers.some((text) => afiOf(text) === family) || (family === 'ipv4' && model.export?.unfiltered === true);
  return (['ipv4', 'ipv6'] as const).filter(present);
}

/** Spells the policies of a model as prefix lists and route maps. */
export function policiesOf(model: RouterModel): Policies {
  const prefixLists: NamedPrefixList[] = [];
  const routeMaps: NamedRouteMap[] = [];
  const families = usedFamilies(model);
  const unfiltered = model.export?.unfiltered === true;
  const needsMap = (protocol: 'ospf' | 'bgp'): boolean =>
    protocol === 'bgp' || !unfiltered || model.export?.tag !== undefined || model.export?.attributes !== undefined;
  for (const family of ['ipv4', 'ipv6'] as const) {
    const list = exportList(model, family);
    const announced = families.includes(family);
    if (announced && needsMap(model.bgp === undefined ? 'ospf' : 'bgp')) {
      prefixLists.push(list);
      prefixLists.push(...attributeLists(model, family));
      routeMaps.push(exportMap(model, family, list.name));
    }
    const own = announced ? loopbackEntries(model, family) : [];
    if (own.length > 0) {
      const name = policyName(LOOPBACKS, family);
      prefixLists.push({ name, family, entries: withSequence(own) });
      routeMaps.push({ name, family, entries: [permitEntry(10, name)] });
    }
    if (announced && model.bgp !== undefined) {
      const [map, lists] = bgpOut(model, family, list.name);
      prefixLists.push(...lists, ...outGuard(model, family));
      routeMaps.push(map);
    }
    if (model.import !== undefined || (model.bgp !== undefined && announced)) {
      const imported = importList(model, family);
      prefixLists.push(imported);
      routeMaps.push({ name: imported.name, family, entries: [permitEntry(10, imported.name)] });
    }
  }
  return {
    announces: (family) => families.includes(family),
    exportMap: (family, protocol) => (needsMap(protocol) ? policyName('EXPORT', family) : undefined),
    loopbackMap: (family) =>
      families.includes(family) && loopbackEntries(model, family).length > 0
        ? policyName(LOOPBACKS, family)
        : undefined,
    prefixLists: [...prefixLists, ...explicitLists(model)].sort((a, b) => compareText(a.name, b.name)),
    routeMaps: [...routeMaps, ...explicitMaps(model)].sort((a, b) => compareText(a.name, b.name)),
  };
}

function explicitLists(model: RouterModel): NamedPrefixList[] {
  const lines = (list: PrefixList): string[] =>
    list.entries.map(
      (entry, index) => `seq ${entry.seq ?? 5 * (index + 1)} ${entryText(entry.action, entry.prefix, entry)}`,
    );
  return sortedEntries(model.prefixLists).map(([name, list]) => ({
    name,
    family: list.family,
    description: list.description,
    entries: lines(list),
  }));
}

function explicitMaps(model: RouterModel): NamedRouteMap[] {
  return sortedEntries(model.routeMaps).map(([name, map]) => ({
    name,
    family: map.family,
    entries: map.entries.map((entry, index) => ({ ...entry, seq: entry.seq ?? 10 * (index + 1) })),
  }));
}
