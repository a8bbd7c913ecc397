import type { SysctlLine } from '../facts/sysctl-files.ts';
import { DROP_IN, dropInText } from './drop-in.ts';
import type { FixTarget } from './fix-target.ts';
import type { Fix } from './fix.ts';
import { type Change, isSameThing } from './fix-log.ts';
import type { UndoLog } from '@routed/store';

/** One line about a change: what was done, or why not. */
export interface ChangeReport {
  readonly isDone: boolean;
  readonly text: string;
}

interface RepairDeps {
  readonly target: FixTarget;
  readonly log: UndoLog<Change>;
  /** What the operator's files set at boot, in order. */
  readonly written: readonly SysctlLine[];
}

/**
 * Makes the changes, and remembers first what was there, so that {@link undo} can take them back also after a crash in the
 * middle. What is as wanted already is not touched.
 */
export async function repair(fixes: readonly Fix[], { target, log, written }: RepairDeps): Promise<ChangeReport[]> {
  const planned = await planChanges(fixes, target);
  if (planned.length === 0) return [];
  const earlier = await log.load();
  await log.save(merge(earlier, planned));
  const reports: ChangeReport[] = [];
  for (const change of planned) {
    reports.push(await attempt(describe(change), () => apply(change, target)));
    const contradiction = change.kind === 'sysctl' ? contradictionOf(change, written) : undefined;
    if (contradiction !== undefined) reports.push({ isDone: false, text: contradiction });
  }
  const thens = fixes.flatMap((fix) => (fix.kind === 'file' && fix.then !== undefined ? [fix.then] : []));
  for (const then of new Set(thens)) {
    if (then !== 'nothing') reports.push({ isDone: true, text: `now run "${then}"` });
  }
  return reports;
}

/**
 * Puts back what was found. What somebody has changed since is left alone, and said.
 *
 * @returns what was done; nothing when there is nothing to undo
 */
export async function undo({ target, log }: Omit<RepairDeps, 'written'>): Promise<ChangeReport[]> {
  const changes = await log.load();
  const reports: ChangeReport[] = [];
  const failed: Change[] = [];
  for (const change of changes.toReversed()) {
    const report = await takeBack(change, target);
    reports.push(report);
    if (!report.isDone) failed.unshift(change);
  }
  if (changes.length > 0) await log.save(failed);
  return reports;
}

async function planChanges(fixes: readonly Fix[], target: FixTarget): Promise<Change[]> {
  const changes: Change[] = [];
  const settings = new Map<string, string>();
  for (const fix of fixes) {
    const change = await planChange(fix, target);
    if (fix.kind === 'sysctl') settings.set(fix.key, fix.value);
    if (change !== undefined && !changes.some((other) => isSameThing(change, other))) changes.push(change);
  }
  if (settings.size === 0) return changes;
  const current = await target.readFile(DROP_IN);
  const after = dropInText(current, settings);
  return current === after ? changes : [...changes, { kind: 'file', path: DROP_IN, before: current ?? null, after }];
}

async function planChange(fix: Fix, target: FixTarget): Promise<Change | undefined> {
  if (fix.kind === 'sysctl') {
    const before = await target.readSysctl(fix.key);
    if (before === undefined || before === fix.value) return undefined;
    return { kind: 'sysctl', key: fix.key, before, after: fix.value };
  }
  if (fix.kind === 'file') {
    const before = await target.readFile(fix.path);
    return before === fix.text ? undefined : { kind: 'file', path: fix.path, before: before ?? null, after: fix.text };
  }
  // A plugin may have been started meanwhile.
  return (await target.isServed(fix.path)) ? undefined : { kind: 'stale-socket', path: fix.path };
}

/** A thing that was changed before keeps what was found first, as long as nobody else has changed it since. */
function merge(earlier: readonly Change[], planned: readonly Change[]): Change[] {
  const merged = planned.map((change) => {
    const first = earlier.find((other) => isSameThing(change, other));
    if (change.kind === 'stale-socket' || first === undefined || first.kind === 'stale-socket') return change;
    return first.after === change.before ? ({ ...change, before: first.before } as Change) : change;
  });
  return [...earlier.filter((other) => !planned.some((change) => isSameThing(change, other))), ...merged];
}

async function apply(change: Change, target: FixTarget): Promise<void> {
  if (change.kind === 'sysctl') await target.writeSysctl(change.key, change.after);
  else if (change.kind === 'file') await target.writeFile(change.path, change.after);
  else await target.removeFile(change.path);
}

async function takeBack(change: Change, target: FixTarget): Promise<ChangeReport> {
  if (change.kind === 'stale-socket') {
    return { isDone: true, text: `${change.path}: not restored, nothing listened on it` };
  }
  if (change.kind === 'sysctl') {
    const { key, before, after } = change;
    const now = await target.readSysctl(key);
    if (now !== after) return { isDone: true, text: `${key}: left at ${now ?? 'nothing'}, since changed by others` };
    return await attempt(`${key}: ${after} -> ${before}`, () => target.writeSysctl(key, before));
  }
  const { path, before, after } = change;
  if ((await target.readFile(path)) !== after) {
    return { isDone: true, text: `${path}: not reverted, since changed by others` };
  }
  if (before === null) return await attempt(`${path}: removed`, () => target.removeFile(path));
  return await attempt(`${path}: restored`, () => target.writeFile(path, before));
}

async function attempt(text: string, work: () => Promise<void>): Promise<ChangeReport> {
  try {
    await work();
    return { isDone: true, text };
  } catch (error) {
    return { isDone: false, text: `${text}: failed, ${(error as Error).message}` };
  }
}

function describe(change: Change): string {
  if (change.kind === 'sysctl') return `${change.key}: ${change.before} -> ${change.after}`;
  if (change.kind === 'stale-socket') return `${change.path}: removed`;
  const lines = (text: string | null): string[] => (text ?? '').split('\n').filter((line) => line !== '');
  const [old, now] = [lines(change.before), lines(change.after)];
  const gone = old.filter((line) => !now.includes(line)).map((line) => `\n  - ${line}`);
  const added = now.filter((line) => !old.includes(line)).map((line) => `\n  + ${line}`);
  return `${change.path}: ${change.before === null ? 'written' : 'changed'}${[...gone, ...added].join('')}`;
}

/** A line of the operator's that is read later than ours and says otherwise. */
function contradictionOf(
  { key, after }: Extract<Change, { kind: 'sysctl' }>,
  written: readonly SysctlLine[],
): string | undefined {
  const last = written.filter((line) => line.key === key && line.path !== DROP_IN).at(-1);
  if (last === undefined || last.value === after) return undefined;
  const place = `${last.path} line ${last.number} sets it to ${last.value}`;
  return isReadLater(last.path)
    ? `${key}: ${place}, and is read after ${DROP_IN}: delete that line, or it is ${last.value} again after "sysctl --system"`
    : `${key}: ${place}; ${DROP_IN} now overrides it`;
}

function isReadLater(path: string): boolean {
  const nameOf = (text: string): string => text.slice(text.lastIndexOf('/') + 1);
  return path === '/etc/sysctl.conf' || nameOf(path) > nameOf(DROP_IN);
}
