import type { ConfigTree } from '../text/parse.ts';
import { type Change, PHASE } from './change.ts';

const ENTRY = /^((?:ip|ipv6) prefix-list) (\S+) (seq \d+) (.*)$/;

/** The end of a copy's name. */
const COPY = /--NEXT\d*$/;

/** True for the name of a list that only an apply makes, and removes. */
export function isCopyName(name: string): boolean {
  return COPY.test(name);
}

interface Entry {
  readonly list: string;
  readonly head: string;
  readonly rule: string;
}

function entryOf(line: string | undefined): Entry | undefined {
  const match = line === undefined ? null : ENTRY.exec(line);
  if (match === null) return undefined;
  const [, kind = '', name = '', , rule = ''] = match;
  return { list: name, head: `${kind} ${name}`, rule };
}

/**
 * Edits a prefix list behind the back of the route maps that use it. Overwriting entries one by one leaves moments
 * in which the list permits neither the old nor the new routes, and the daemon withdraws them at once. So the maps
 * look at a copy of the new list meanwhile. An apply that was killed may have left some of them there: these come back
 * when the list is complete.
 */
export function withDetours(changes: readonly Change[], before: ConfigTree): Change[] {
  const touched = new Map<string, Change[]>();
  for (const change of changes) {
    const entry = entryOf(change.after ?? change.before);
    if (entry !== undefined) touched.set(entry.head, [...(touched.get(entry.head) ?? []), change]);
  }
  const risky = [...touched].filter(([, edits]) => overwrites(edits));
  return risky.reduce<Change[]>((all, [head, edits]) => detour(all, head, edits, before), [...changes]);
}

/** Adding entries, or removing them, leaves the others alone; everything else needs care. */
function overwrites(edits: readonly Change[]): boolean {
  const adds = edits.some((edit) => edit.after !== undefined);
  const removes = edits.some((edit) => edit.before !== undefined);
  return adds && removes;
}

function detour(all: readonly Change[], head: string, edits: readonly Change[], before: ConfigTree): Change[] {
  const daemon = edits[0]?.daemon;
  if (daemon === undefined) return [...all];
  const others = all.filter((change) => !edits.includes(change));
  const users = usersOf(head, before);
  // No map looks at the list: it is complete before one does.
  if (users.length === 0) return [...others, ...rewriting(edits, PHASE.define, PHASE.define)];
  const temporary = {
    daemon,
    effect: 'hitless',
    reason: 'the route maps use a copy while the list changes',
    temporary: true,
  } as const;
  const copy = unusedCopyOf(head, before);
  const renamed = (line: string): string => line.replace(`${head} `, `${copy} `);
  const wanted = finalEntries(head, edits, before);
  const define = wanted.map((line): Change => ({ ...temporary, path: [], after: renamed(line), phase: PHASE.define }));
  const away = users.map((path): Change => ({ ...temporary, path, after: matchOf(copy), phase: PHASE.detour }));
  const back = users.map((path): Change => ({ ...temporary, path, after: matchOf(head), phase: PHASE.restore }));
  const drop: Change = { ...temporary, path: [], before: copy, phase: PHASE.undefine };
  const isReturn = (change: Change): boolean =>
    change.after === matchOf(head) && change.before?.replace(COPY, '') === matchOf(head);
  const returns = others.filter(isReturn).map((change) => ({ ...change, phase: PHASE.restore }));
  const rest = others.filter((change) => !isReturn(change));
  const rewritten = rewriting(edits, PHASE.redefine, PHASE.restore);
  return [...rest, ...define, ...away, ...rewritten, ...back, ...returns, drop];
}

/** The old entries go before the new ones come: the daemon ignores an entry that the list already has elsewhere. */
function rewriting(edits: readonly Change[], removing: number, adding: number): Change[] {
  const removals = edits.flatMap((edit) =>
    edit.before === undefined ? [] : [{ ...withoutAfter(edit), phase: removing }],
  );
  const additions = edits.flatMap((edit) => (edit.after === undefined ? [] : [{ ...edit, phase: adding }]));
  return [...removals, ...additions];
}

function withoutAfter(edit: Change): Change {
  const { after, ...rest } = edit;
  return after === undefined ? rest : { ...rest, temporary: true };
}

/** The entries that the list will have. */
function finalEntries(head: string, edits: readonly Change[], before: ConfigTree): string[] {
  const gone = new Set(edits.map((edit) => edit.before));
  const own = (before.get('')?.lines ?? []).filter((line) => entryOf(line)?.head === head && !gone.has(line));
  return [...own, ...edits.flatMap((edit) => edit.after ?? [])];
}

/** How a route map of this family matches the list. */
function matchOf(head: string): string {
  const [family = '', , name = ''] = head.split(' ');
  return `match ${family} address prefix-list ${name}`;
}

/** The entries of route maps that match the list, as the daemon has them now. */
function usersOf(head: string, before: ConfigTree): (readonly string[])[] {
  return [...before.values()].flatMap(({ path, lines }) => (lines.includes(matchOf(head)) ? [path] : []));
}

/** Also an apply that was killed may have left a copy. */
function unusedCopyOf(head: string, before: ConfigTree): string {
  const words = new Set([...before.values()].flatMap(({ lines }) => lines.flatMap((line) => line.split(' '))));
  const name = head.split(' ').at(-1) ?? '';
  let suffix = '--NEXT';
  for (let number = 2; words.has(`${name}${suffix}`); number++) suffix = `--NEXT${number}`;
  return `${head}${suffix}`;
}
