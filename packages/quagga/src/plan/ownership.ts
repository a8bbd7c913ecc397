import { DISCARD_ROUTE } from '../render/discard.ts';
import { isKeyChainName } from '../render/ospf-interface.ts';
import { RESERVED_NAMES } from '../validation/policy.ts';
import type { ConfigSection, ConfigTree } from '../text/parse.ts';
import { isCopyName } from './detour.ts';
import { neighborOf, neighborsIn } from './neighbors.ts';
import { slotOf } from './slots.ts';

/** What the model can say, by context. Everything else in a configuration is the operator's. */
const OWNED: readonly (readonly [context: RegExp, line: RegExp])[] = [
  [/^$/, /^(frr defaults |ip protocol ospf route-map IMPORT$|ipv6 protocol ospf6 route-map IMPORT6$)/],
  [/^$/, DISCARD_ROUTE],
  [/^interface \S+$/, /^((no )?ip ospf |(no )?ipv6 ospf6 |ipv6 nd ra-lifetime 0$)/],
  [
    /^router ospf6?$/,
    /^((no )?log-adjacency-changes|(ospf |ospf6 )?router-id |auto-cost |timers (throttle|lsa) |maximum-paths |max-metric router-lsa |stub-router |redistribute (kernel|connected|static)\b|graceful-restart |aggregation timer |summary-address |(no )?passive-interface |network \S+ area |area \S+ (authentication|stub|nssa|range)\b|default-information originate|interface \S+ area )/,
  ],
  [
    /^router bgp \d+$/,
    /^((no )?bgp log-neighbor-changes$|no bgp default ipv4-unicast$|bgp (router-id|cluster-id|always-compare-med|graceful-shutdown|graceful-restart|listen)\b|bgp bestpath as-path multipath-relax$|coalesce-time |timers bgp )/,
  ],
  [
    /^router bgp \d+(\naddress-family ipv[46] unicast)?$/,
    /^((aggregate-address|redistribute (kernel|connected|static)|maximum-paths)\b|neighbor \S+ (peer-group|remote-as|interface|description|shutdown|bfd|password|passive|ebgp-multihop|ttl-security|update-source|advertisement-interval|timers|capability extended-nexthop|activate|route-reflector-client|next-hop-self|soft-reconfiguration|maximum-prefix|allowas-in|addpath-tx-all-paths|route-map|prefix-list|filter-list)\b)/,
  ],
  [/^bfd\nprofile \S+$/, /^/],
];

/** Contexts that a model begins and ends. */
const OWNED_CONTEXT = /^router (ospf6?|bgp \d+)$/;

const DEFINITION =
  /^(?:(?:ip|ipv6) prefix-list|bgp as-path access-list|ip as-path access-list|bgp (?:large-)?community-list standard|route-map|key chain) (\S+)/;

/** The name that a line, or the header of a section, defines. */
function definedName(text: string): string | undefined {
  return DEFINITION.exec(text)?.[1];
}

interface Statement {
  readonly path: readonly string[];
  readonly line: string;
  /** The prefix list, as-path list or route map that it is a part of. */
  readonly defines: string | undefined;
}

function statementsOf(tree: ConfigTree): Statement[] {
  return [...tree.values()].flatMap(({ path, lines }) => {
    const name = definedName(path[0] ?? '');
    // An entry of a route map that says nothing more matches every route.
    if (lines.length === 0 && name !== undefined) return [{ path, line: '', defines: name }];
    return lines.map((line) => ({ path, line, defines: name ?? definedName(path[0] ?? line) }));
  });
}

function isModelLine({ path, line }: Statement): boolean {
  const context = path.join('\n');
  return OWNED.some(([at, pattern]) => at.test(context) && pattern.test(line));
}

/** Names that these lines use, and those that the definitions of these names use. */
function reach(from: readonly Statement[], definitions: readonly Statement[]): ReadonlySet<string> {
  const names = new Set<string>();
  let open = from;
  while (open.length > 0) {
    const words = new Set(open.flatMap(({ line }) => line.split(' ')));
    const found = definitions.filter(({ defines = '' }) => words.has(defines) && !names.has(defines));
    found.forEach(({ defines = '' }) => names.add(defines));
    open = found;
  }
  return names;
}

const NOTHING: ConfigTree = new Map();

/** True when a configuration says this line in this context. */
export function hasLine(tree: ConfigTree, path: readonly string[], line: string): boolean {
  return tree.get(path.join('\n'))?.lines.includes(line) === true;
}

/**
 * The part of a configuration that a model answers for: what it can say, what stands where `after` says something else,
 * and the lists and maps that only such lines use. The rest (addresses, static routes, logging, other VRFs, whatever
 * came with a later release) is the operator's. `raw` holds the raw lines of the model, before and after.
 */
export function ownedPart(before: ConfigTree, after: ConfigTree, raw: ConfigTree = NOTHING): ConfigTree {
  const all = statementsOf(before);
  const definitions = all.filter(({ defines }) => defines !== undefined);
  const uses = all.filter(({ defines }) => defines === undefined);
  const isReplaced = ({ path, line }: Statement): boolean =>
    after.get(path.join('\n'))?.lines.some((wanted) => slotOf(wanted) === slotOf(line)) === true;
  const isRaw = ({ path, line }: Statement): boolean => hasLine(raw, path, line);
  const mine = (one: Statement): boolean => isModelLine(one) || isReplaced(one) || isRaw(one);
  const told = [...statementsOf(after), ...statementsOf(raw)].flatMap(({ defines }) => defines ?? []);
  const wanted = new Set([...RESERVED_NAMES, ...told]);
  const foreign = reach(
    uses.filter((one) => !mine(one)),
    definitions,
  );
  const own = reach(uses.filter(mine), definitions);
  const isOwnName = (name: string): boolean =>
    wanted.has(name) || isCopyName(name) || isKeyChainName(name) || (own.has(name) && !foreign.has(name));
  const keeps = (path: readonly string[], line: string): boolean => {
    const defines = definedName(path[0] ?? line);
    return defines === undefined ? mine({ path, line, defines }) : isOwnName(defines);
  };
  return new Map(
    [...before].flatMap(([key, section]): [string, ConfigSection][] => {
      const lines = section.lines.filter((line) => keeps(section.path, line));
      const name = definedName(section.path[0] ?? '');
      const isContext = name === undefined ? OWNED_CONTEXT.test(key) : isOwnName(name);
      return lines.length > 0 || isContext ? [[key, { path: section.path, lines }]] : [];
    }),
  );
}

/** What {@link ownedPart} leaves out, but for what goes with a routing process or a neighbor that goes. */
export function foreignPart(before: ConfigTree, after: ConfigTree, raw: ConfigTree = NOTHING): ConfigTree {
  const owned = ownedPart(before, after, raw);
  const [had, has] = [neighborsIn(owned), neighborsIn(after)];
  const isLost = (line: string): boolean => {
    const neighbor = neighborOf(line);
    return neighbor !== undefined && had.has(neighbor) && !has.has(neighbor);
  };
  return new Map(
    [...before].flatMap(([key, { path, lines }]): [string, ConfigSection][] => {
      const process = path[0] ?? '';
      if (OWNED_CONTEXT.test(process) && !after.has(process)) return [];
      const own = new Set(owned.get(key)?.lines);
      const rest = lines.filter((line) => !own.has(line) && !isLost(line));
      return rest.length > 0 ? [[key, { path, lines: rest }]] : [];
    }),
  );
}
