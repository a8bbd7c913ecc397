import { contains } from '@routed/addresses';
import type { VtyDaemon } from '../render/config.ts';
import { type Afi, knownPrefix } from '../prefix.ts';
import type { ConfigSection, ConfigTree } from '../text/parse.ts';
import type { RunningConfig } from '../vty/running.ts';
import { type Change, withoutMark } from './change.ts';
import { foreignPart } from './ownership.ts';
import type { PlanOptions } from './plan.ts';
import { type Candidate, Policy, type Verdict, candidate, undecidedLine } from './policy.ts';

/** The routes that there are now: only these can be lost. */
export interface KnownRoutes {
  /** What zebra has of a source, such as `kernel` or `ospf`. */
  readonly of: (source: string, family: Afi) => readonly Candidate[];
  /** What bgpd has from its neighbors. */
  readonly learntByBgp: (family: Afi) => readonly Candidate[];
}

/** Routes that new policies take from somebody. */
export interface Withdrawal {
  readonly daemon: VtyDaemon;
  /** To whom: `announced by OSPF`, `announced to FABRIC`, `taken from FABRIC`, `taken by the kernel`. */
  readonly what: string;
  readonly prefixes: readonly string[];
  /** A policy asks what this tool does not understand, so there may be more. */
  readonly isUndecided: boolean;
  /** The line that asks it. */
  readonly undecidedBy?: string;
}

/** One way that routes take through policies; undefined before or after: it is not there. */
interface Way {
  readonly what: string;
  readonly routes: readonly Candidate[];
  readonly verdict: (route: Candidate) => Verdict;
  /** Two ways with the same text decide alike. */
  readonly text: string;
  /** A summary: nothing else says that it goes. */
  readonly isSummary?: true;
}

type Ways = ReadonlyMap<string, Way>;

/** What `desired` withdraws, by name. */
export function withdrawals(
  running: RunningConfig,
  desired: RunningConfig,
  known: KnownRoutes,
  options: PlanOptions = {},
): Withdrawal[] {
  return [...running].flatMap(([daemon, before]) => {
    const wanted = desired.get(daemon) ?? new Map<string, ConfigSection>();
    const after = options.takeOver === true ? wanted : joined(wanted, foreignPart(before, wanted, options.raw));
    const [had, has] = [waysOf(daemon, before, known), waysOf(daemon, after, known)];
    return [...had].flatMap(([key, way]) => {
      const next = has.get(key);
      if (next !== undefined) return next.text === way.text ? [] : lost(daemon, way, next);
      return way.isSummary === true ? [allOf(daemon, way)] : [];
    });
  });
}

function lost(daemon: VtyDaemon, before: Way, after: Way): Withdrawal[] {
  const had = before.routes.filter((route) => before.verdict(route) !== 'deny');
  const verdicts = had.map((route) => ({ route, verdict: after.verdict(route) }));
  const prefixes = verdicts.filter(({ verdict }) => verdict === 'deny').map(({ route }) => route.text);
  const isUndecided = verdicts.some(({ verdict }) => verdict === 'undecided');
  if (prefixes.length === 0 && !isUndecided) return [];
  const line = isUndecided ? undecidedLine(after.text) : undefined;
  return [{ daemon, what: before.what, prefixes, isUndecided, ...(line === undefined ? {} : { undecidedBy: line }) }];
}

function allOf(daemon: VtyDaemon, { what, routes }: Way): Withdrawal {
  return { daemon, what, prefixes: routes.map(({ text }) => text), isUndecided: false };
}

function joined(a: ConfigTree, b: ConfigTree): ConfigTree {
  const all = new Map(a);
  for (const [key, { path, lines }] of b) all.set(key, { path, lines: [...(all.get(key)?.lines ?? []), ...lines] });
  return all;
}

const FAMILIES = ['ipv4', 'ipv6'] as const;

function waysOf(daemon: VtyDaemon, tree: ConfigTree, known: KnownRoutes): Ways {
  const policy = new Policy(tree);
  if (daemon === 'zebra' || daemon === 'mgmtd') return kernelWays(policy, tree, known);
  if (daemon === 'ospfd') return ospfWays(policy, tree, 'router ospf', 'ipv4', known);
  if (daemon === 'ospf6d') return ospfWays(policy, tree, 'router ospf6', 'ipv6', known);
  if (daemon !== 'bgpd') return new Map();
  return new Map(FAMILIES.flatMap((family) => [...bgpWays(policy, tree, family, known)]));
}

/** `ip protocol ospf route-map IMPORT`; without the line everything goes to the kernel. */
function kernelWays(policy: Policy, tree: ConfigTree, known: KnownRoutes): Ways {
  const lines = tree.get('')?.lines ?? [];
  const ways = FAMILIES.flatMap((family) =>
    ['ospf', 'ospf6', 'bgp', 'static'].map((source): [string, Way] => {
      const head = `${family === 'ipv4' ? 'ip' : 'ipv6'} protocol ${source} route-map `;
      const map = lines.find((line) => line.startsWith(head))?.slice(head.length);
      const what = `${source === 'ospf6' ? 'ospf' : source} routes in the kernel`;
      return [`${family} ${source}`, mapWay(policy, what, known.of(source, family), map)];
    }),
  );
  return new Map(ways);
}

function mapWay(policy: Policy, what: string, routes: readonly Candidate[], map: string | undefined): Way {
  if (map === undefined) return { what, routes, verdict: () => 'permit', text: '' };
  return { what, routes, verdict: (route) => policy.ofMap(map, route), text: policy.textOf(map) };
}

const REDISTRIBUTE = /^redistribute (\S+)(?:.* route-map (\S+))?/;

interface Source {
  readonly source: string;
  readonly map: string | undefined;
}

function sourcesOf(lines: readonly string[]): Source[] {
  return lines.flatMap((line) => {
    const match = REDISTRIBUTE.exec(line);
    return match === null ? [] : [{ source: match[1] ?? '', map: match[2] }];
  });
}

/** Redistribution by `lines`, of every source that `redistribute` names. */
function redistributed(policy: Policy, lines: readonly string[], family: Afi, known: KnownRoutes): Way[] {
  return sourcesOf(lines).map(({ source, map }) => mapWay(policy, source, known.of(source, family), map));
}

/** Summaries stand for what is inside them: each of those is withdrawn, whatever the neighbors make of the summary. */
function covering(lines: readonly string[], pattern: RegExp): (route: Candidate) => boolean {
  const outer = lines.flatMap((line) => pattern.exec(line)?.[1] ?? []).map(knownPrefix);
  return ({ prefix }) => outer.some((one) => contains(one, prefix) && one.length < prefix.length);
}

const SUMMARY = /^summary-address (\S+)/;
const SUMMARY_ONLY = /^aggregate-address (\S+) .*summary-only/;

function ospfWays(policy: Policy, tree: ConfigTree, header: string, family: Afi, known: KnownRoutes): Ways {
  const lines = tree.get(header)?.lines ?? [];
  const isCovered = covering(lines, SUMMARY);
  const summaries = lines.filter((line) => SUMMARY.test(line)).toSorted();
  const ways = redistributed(policy, lines, family, known).map((way): [string, Way] => [
    way.what,
    {
      ...way,
      what: 'routes announced by OSPF',
      verdict: (route) => (isCovered(route) ? 'deny' : way.verdict(route)),
      text: [...summaries, way.text].join('\n'),
    },
  ]);
  return new Map([...ways, ...summaryWays(lines)]);
}

/** A summary is a route itself: announced as long as a line says so. */
function summaryWays(lines: readonly string[]): [string, Way][] {
  const prefixes = lines.flatMap((line) => /^(?:summary|aggregate)-address (\S+)/.exec(line)?.[1] ?? []);
  return prefixes.map((text) => [
    `summary ${text}`,
    { what: 'summary', routes: [candidate(text)], verdict: () => 'permit', text, isSummary: true },
  ]);
}

interface Peer {
  readonly name: string;
  readonly lines: readonly string[];
}

function bgpWays(policy: Policy, tree: ConfigTree, family: Afi, known: KnownRoutes): Ways {
  const sections = [...tree.values()].filter(
    ({ path }) => /^router bgp \d+$/.test(path[0] ?? '') && path[1] === `address-family ${family} unicast`,
  );
  const lines = sections.flatMap((section) => section.lines);
  const isCovered = covering(lines, SUMMARY_ONLY);
  const local = redistributed(policy, lines, family, known);
  const originated = local.flatMap(({ routes }) => routes);
  const fromHere = (route: Candidate): Verdict => {
    const verdicts = local.filter(({ routes }) => routes.includes(route)).map(({ verdict }) => verdict(route));
    return best(verdicts);
  };
  const originText = [...lines.filter((line) => SUMMARY_ONLY.test(line)), ...local.map(({ text }) => text)].join('\n');
  const learnt = known.learntByBgp(family);
  const ways = peersOf(lines).flatMap(({ name, lines: own }): [string, Way][] => {
    const [out, into] = [filterOf(policy, own, family, 'out'), filterOf(policy, own, family, 'in')];
    const routes = [...originated, ...learnt];
    const verdict = (route: Candidate): Verdict => {
      if (isCovered(route)) return 'deny';
      return strictest([originated.includes(route) ? fromHere(route) : 'permit', out.verdict(route)]);
    };
    return [
      [`${family} ${name} out`, { what: `routes announced to ${name}`, routes, verdict, text: originText + out.text }],
      [`${family} ${name} in`, { what: `routes taken from ${name}`, routes: learnt, ...into }],
    ];
  });
  return new Map([...ways, ...summaryWays(lines)]);
}

function best(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes('permit')) return 'permit';
  return verdicts.includes('undecided') ? 'undecided' : 'deny';
}

function strictest(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes('deny')) return 'deny';
  return verdicts.includes('undecided') ? 'undecided' : 'permit';
}

function peersOf(lines: readonly string[]): Peer[] {
  const names = lines.flatMap((line) => /^neighbor (\S+) activate$/.exec(line)?.[1] ?? []);
  return [...new Set(names)].map((name) => ({
    name,
    lines: lines.filter((line) => line.startsWith(`neighbor ${name} `)),
  }));
}

/** What a neighbor's maps and lists in one direction say together. Another map may have given the route a tag before. */
function filterOf(
  policy: Policy,
  lines: readonly string[],
  family: Afi,
  direction: 'in' | 'out',
): { verdict: (route: Candidate) => Verdict; text: string } {
  const used = lines.flatMap((line) => {
    const match = /^neighbor \S+ (route-map|prefix-list|filter-list) (\S+) (in|out)$/.exec(line);
    return match?.[3] === direction ? [{ kind: match[1], name: match[2] ?? '' }] : [];
  });
  const verdictOf = (kind: string | undefined, name: string, route: Candidate): Verdict => {
    if (kind === 'route-map') return policy.ofMap(name, route);
    return kind === 'prefix-list' ? policy.ofList(family, name, route) : policy.ofPathList(name, route);
  };
  return {
    verdict: (route) => strictest(used.map(({ kind, name }) => verdictOf(kind, name, { ...route, tag: undefined }))),
    text: used.map(({ kind = '', name }) => `${kind}\n${policy.textOf(name)}\n${policy.listText(name)}`).join('\n'),
  };
}

const SHOWN = 10;

/** `withdraws 2 routes announced by OSPF: 10.112.0.1/32, 10.112.0.2/32`. */
export function describeWithdrawal({ what, prefixes, isUndecided, undecidedBy }: Withdrawal): string {
  const why = isUndecided ? ` (this tool cannot evaluate ${undecidedBy ?? 'the policy'})` : '';
  if (prefixes.length === 0) return `may withdraw ${what}${why}`;
  const shown = prefixes.slice(0, SHOWN).join(', ');
  const more = prefixes.length > SHOWN ? ` and ${prefixes.length - SHOWN} more` : '';
  const least = isUndecided ? 'at least ' : '';
  return `withdraws ${least}${prefixes.length} ${what}: ${shown}${more}${why}`;
}

/** The same changes, each policy with the effect that it has on the routes that there are. */
export function judgePolicies(changes: readonly Change[], found: readonly Withdrawal[]): Change[] {
  return changes.map((change) => {
    if (change.isPolicy !== true) return change;
    const rest = withoutMark(change);
    const own = found.filter(({ daemon }) => daemon === change.daemon);
    const [worst] = own.toSorted((a, b) => Number(b.isUndecided) - Number(a.isUndecided));
    if (worst === undefined) return { ...rest, effect: 'hitless', reason: 'no announced or known route is withdrawn' };
    return {
      ...rest,
      effect: worst.isUndecided ? 'unknown' : 'flaps',
      reason: own.map(describeWithdrawal).join('; '),
    };
  });
}
