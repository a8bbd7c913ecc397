import { VTY_DAEMONS, type VtyDaemon } from '../render/config.ts';
import type { ConfigSection, ConfigTree } from '../text/parse.ts';
import type { RunningConfig } from '../vty/running.ts';
import { type Change, PHASE, withoutMark } from './change.ts';
import { type Effect, effectOf, graver } from './effects.ts';
import { hasLine, ownedPart } from './ownership.ts';
import { withDetours } from './detour.ts';
import { withoutLostNeighbors } from './neighbors.ts';
import { mustRemoveFirst, removalOf, slotOf } from './slots.ts';

const DEFINITION =
  /^((ip|ipv6) prefix-list|bgp as-path|ip as-path|bgp (large-)?community-list|route-map|key chain|bfd)/;
/** ospfd takes areas from `network` statements or from interfaces, never from both. */
const EXCLUSIVE = /^(network|ip ospf area|router bgp) /;

export interface PlanOptions {
  /** Also removes what the model cannot say. Default false: such lines are the operator's, and stay. */
  readonly takeOver?: boolean;
  /** The raw lines of the model, and those that it had when it was applied last: their effect is unknown. */
  readonly raw?: ConfigTree;
}

/**
 * The changes that turn what runs into what is wanted, in the order to make them. Empty when nothing differs. Lines that
 * the model cannot say stay, unless it says something in their place. A policy is predicted `unknown`, until
 * `judgePolicies` has compared it with the routes that there are.
 */
export function planChanges(running: RunningConfig, desired: RunningConfig, options: PlanOptions = {}): Change[] {
  const changes = VTY_DAEMONS.flatMap((daemon) => {
    const before = ownLines(daemon, running);
    if (before === undefined) return [];
    const after = ownLines(daemon, desired) ?? new Map<string, ConfigSection>();
    return daemonChanges(daemon, options.takeOver === true ? before : ownedPart(before, after, options.raw), after);
  });
  return changes.map((change) => withRaw(change, options.raw)).sort((a, b) => a.phase - b.phase);
}

/** Whoever gives a raw line knows what it does; the plan does not. */
function withRaw(change: Change, raw: ConfigTree | undefined): Change {
  const { path, before, after } = change;
  const isRaw = [before, after].some((line) => line !== undefined && raw !== undefined && isSaidBy(raw, path, line));
  if (!isRaw || graver(change.effect, 'unknown') === change.effect) return change;
  return { ...withoutMark(change), effect: 'unknown', reason: 'a raw line: this tool does not know its effect' };
}

/** A context that is new or goes is said by its own header. */
function isSaidBy(raw: ConfigTree, path: readonly string[], line: string): boolean {
  return hasLine(raw, path, line) || raw.has([...path, line].join('\n'));
}

/** What a daemon says, without what zebra and staticd only repeat of mgmtd. */
function ownLines(daemon: VtyDaemon, config: RunningConfig): ConfigTree | undefined {
  const tree = config.get(daemon);
  const manager = config.get('mgmtd');
  if (tree === undefined || !(daemon === 'zebra' || daemon === 'staticd') || manager === undefined) return tree;
  const sections = [...tree].map(([key, { path, lines }]): [string, ConfigSection] => {
    const repeated = new Set(manager.get(key)?.lines);
    return [key, { path, lines: lines.filter((line) => !repeated.has(line)) }];
  });
  return new Map(sections.filter(([key, { lines }]) => lines.length > 0 || !manager.has(key)));
}

function daemonChanges(daemon: VtyDaemon, before: ConfigTree, after: ConfigTree): Change[] {
  const kept = [...after].flatMap(([key, section]) => sectionChanges(daemon, before.get(key), section));
  const gone = [...before]
    .filter(([key]) => !after.has(key))
    .flatMap(([, section]) => lostSection(daemon, section, after));
  return withDetours(withoutLostNeighbors([...kept, ...gone], after), before);
}

function sectionChanges(daemon: VtyDaemon, before: ConfigSection | undefined, after: ConfigSection): Change[] {
  const had = new Map((before?.lines ?? []).map((line) => [slotOf(line), line]));
  const wants = new Map(after.lines.map((line) => [slotOf(line), line]));
  const set = [...wants]
    .filter(([slot, line]) => had.get(slot) !== line)
    .map(([slot, line]) => lineChange(daemon, after.path, had.get(slot), line));
  const unset = [...had]
    .filter(([slot]) => !wants.has(slot))
    .map(([, line]) => lineChange(daemon, after.path, line, undefined));
  const isNew = before === undefined && after.lines.length === 0;
  return isNew ? [lineChange(daemon, after.path.slice(0, -1), undefined, after.path.at(-1) ?? '')] : [...set, ...unset];
}

function lineChange(
  daemon: VtyDaemon,
  path: readonly string[],
  before: string | undefined,
  after: string | undefined,
): Change {
  const line = after ?? before ?? '';
  const isDefinition = DEFINITION.test(path[0] ?? line);
  const prediction = effectOf(path[0] ?? '', line, after === undefined);
  const change = {
    daemon,
    path,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
    ...prediction,
    phase: phaseOf(isDefinition, before, after),
  };
  if (before === undefined || after === undefined || !mustRemoveFirst(daemon, before, after)) return change;
  const { isPolicy, ...rest } = change;
  const effect = isPolicy === true ? 'flaps' : graver(change.effect, 'flaps');
  return { ...rest, removeFirst: true, effect, reason: 'the daemon changes this only by removing it first' };
}

function phaseOf(isDefinition: boolean, before: string | undefined, after: string | undefined): number {
  if (after === undefined && EXCLUSIVE.test(before ?? '')) return PHASE.clear;
  if (after === undefined) return isDefinition ? PHASE.undefine : PHASE.release;
  if (!isDefinition) return PHASE.use;
  return before === undefined ? PHASE.define : PHASE.redefine;
}

/** Contexts that one command removes; of the others every line is taken back. */
const REMOVABLE = /^(route-map|router|profile|key chain|key) /;

function lostSection(daemon: VtyDaemon, section: ConfigSection, after: ConfigTree): Change[] {
  const header = section.path.at(-1) ?? '';
  const outer = section.path.slice(0, -1);
  if (outer.length > 0 && !hasContext(after, outer) && REMOVABLE.test(outer[0] ?? '')) return [];
  if (!REMOVABLE.test(header)) return section.lines.map((line) => lineChange(daemon, section.path, line, undefined));
  // An entry whose action changes is overwritten by the new one; removing it would remove the new one.
  const entry = /^route-map \S+ (?:permit|deny) (\d+)$/.exec(header);
  const sameEntry = (key: string): boolean =>
    key.replace(/ (permit|deny) /, ' ') === header.replace(/ (permit|deny) /, ' ');
  if (entry !== null && [...after.keys()].some(sameEntry)) return [];
  return [...deferrals(daemon, section), sectionRemoval(daemon, section.path, after)];
}

/** ospfd would keep a removed `router ospf` for the whole shutdown time, as a stub router. */
function deferrals(daemon: VtyDaemon, section: ConfigSection): Change[] {
  const waits = section.lines.filter((line) => line.startsWith('max-metric router-lsa on-shutdown '));
  return waits.map((line) => ({ ...lineChange(daemon, section.path, line, undefined), phase: PHASE.use }));
}

function hasContext(tree: ConfigTree, path: readonly string[]): boolean {
  return [...tree.values()].some((section) => path.every((header, index) => section.path[index] === header));
}

function sectionRemoval(daemon: VtyDaemon, path: readonly string[], after: ConfigTree): Change {
  const header = path.at(-1) ?? '';
  const change = lineChange(daemon, path.slice(0, -1), header, undefined);
  if (!header.startsWith('router ')) return change;
  const renumbered = header.startsWith('router bgp ') && [...after.keys()].some((key) => key.startsWith('router bgp '));
  if (renumbered) return { ...change, effect: 'restart', reason: 'one bgpd has one AS number' };
  return { ...change, effect: 'flaps', reason: 'every route of this protocol is withdrawn' };
}

/** The vty lines that make a change, from the configuration prompt. */
export function commandsOf(change: Change): string[] {
  const line = change.after ?? removalOf(change.before ?? '');
  const first = change.removeFirst === true ? [removalOf(change.before ?? '')] : [];
  return ['configure terminal', ...change.path, ...first, line, 'end'];
}

/** The gravest effect of a plan. */
export function worstEffect(changes: readonly Change[]): Effect {
  return changes.reduce<Effect>((worst, { effect }) => graver(worst, effect), 'hitless');
}
