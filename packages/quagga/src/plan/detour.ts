import type { ConfigTree } from '../text/parse.ts';
import { type Change, PHASE } from './change.ts';

const ENTRY = /^((?:ip|ipv6) prefix-list) (\S+) (seq \d+) (.*)$/;

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
 * look at a copy of the new list meanwhile.
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
  const users = usersOf(head, before);
  const daemon = edits[0]?.daemon;
  if (daemon === undefined) return [...all];
  const copy = `${head}--NEXT`;
  const temporary = {
    daemon,
    effect: 'hitless',
    reason: 'the route maps use a copy while the list changes',
    temporary: true,
  } as const;
  const renamed = (line: string): string => line.replace(`${head} `, `${copy} `);
  const wanted = finalEntries(head, edits, before);
  const define = wanted.map((line): Change => ({ ...temporary, path: [], after: renamed(line), phase: PHASE.define }));
  const away = users.map(({ path, line }): Change => ({
    ...temporary,
    path,
    after: `${line}--NEXT`,
    phase: PHASE.detour,
  }));
  const back = users.map(({ path, line }): Change => ({ ...temporary, path, after: line, phase: PHASE.restore }));
  const drop: Change = { ...temporary, path: [], before: copy, phase: PHASE.undefine };
  // The old entries go before the new ones come: the daemon ignores an entry that the list already has elsewhere.
  const rewritten = edits.flatMap((edit): Change[] => {
    const removal: Change[] = edit.before === undefined ? [] : [{ ...withoutAfter(edit), phase: PHASE.redefine }];
    return edit.after === undefined ? removal : [...removal, { ...edit, phase: PHASE.restore }];
  });
  const others = all.filter((change) => !edits.includes(change));
  return users.length === 0 ? [...others, ...rewritten] : [...others, ...define, ...away, ...rewritten, ...back, drop];
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

/** Where route maps match the list, as the daemon has them now. */
function usersOf(head: string, before: ConfigTree): { path: readonly string[]; line: string }[] {
  const [family = '', , name = ''] = head.split(' ');
  const line = `match ${family} address prefix-list ${name}`;
  return [...before.values()].flatMap(({ path, lines }) => (lines.includes(line) ? [{ path, line }] : []));
}
