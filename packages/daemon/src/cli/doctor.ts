import {
  ALL_CHECKS,
  type Check,
  type ChangeReport,
  type CheckResult,
  examine,
  EXIT_CODES,
  fixLog,
  type HostPaths,
  hostTarget,
  readSysctlFiles,
  repair,
  undo,
  verdictOf,
  viewHost,
} from '@routed/doctor';
import { isAllowedToRoute } from '@routed/datapath';
import { ROUTER_DIRECTORIES } from '@routed/quagga/show';
import { openRtnl } from '@routed/netns';
import { z } from 'zod';
import { didYouMean } from '@routed/text';
import { OptionError } from '../serve/serve-options.ts';
import { type Cell, printTable } from '../terminal/table.ts';
import { paint, terminalColumns } from '../terminal/colour.ts';
import { say, sayJson } from '../terminal/terminal.ts';

/** Columns of a line where nobody says how many fit, and at most: longer lines are hard to read. */
const MOST_COLUMNS = 140;
/** A text in fewer columns is harder to read than one that is wrapped. */
const LEAST_COLUMNS = 40;
/** What the first column takes, with the spaces between columns. */
const STATE_COLUMNS = 'warning'.length + 4;
const COLOURS = { broken: 'red', warning: 'yellow', note: 'cyan' } as const;

const flagsSchema = z.object({
  fix: z.boolean().default(false),
  undo: z.boolean().default(false),
  json: z.boolean().default(false),
  pluginDir: z.string(),
  stateDir: z.string(),
  adminSocket: z.string(),
  dockerSocket: z.string(),
  routerDir: z.string().optional(),
  verbose: z.boolean().default(false),
  ignore: z.string().default(''),
  router: z.enum(['auto', 'none']).default('auto'),
});

/** Examines the host, repairs it or takes repairs back. Returns the exit code. */
export async function doctor(raw: Readonly<Record<string, unknown>>): Promise<number> {
  const { fix, undo: isUndo, json, routerDir, verbose, ignore, router, ...paths } = flagsSchema.parse(raw);
  const checks = checksWithout(ignore.split(',').filter((id) => id !== ''));
  const form = { json, verbose };
  const routerDirs = routerDir === undefined ? ROUTER_DIRECTORIES : [routerDir];
  const hostPaths = { ...paths, routerDirs, isWithoutRouter: router === 'none' };
  if (!(await isAllowedToRoute())) return report([NOT_ROOT], [], form);
  if (isUndo) return reportUndo(await undo({ target: hostTarget, log: fixLog(paths.stateDir) }), json);
  const before = await examineHost(hostPaths, checks);
  if (!fix) return report(before, [], form);
  const changes = await fixAll(before, hostPaths);
  // What counts is how it is now.
  return report(await examineHost(hostPaths, checks), changes, form);
}

/** How it is told. */
interface Form {
  readonly json: boolean;
  /** Also what is well. */
  readonly verbose: boolean;
}

/** @throws OptionError when there is no such check: a mistyped one would be ignored without a word */
function checksWithout(ignored: readonly string[]): readonly Check[] {
  const ids = ALL_CHECKS.map(({ id }) => id);
  const unknown = ignored.find((id) => !ids.includes(id));
  if (unknown !== undefined) {
    const hint = didYouMean(unknown, ids) || '; --verbose lists the checks';
    throw new OptionError(`option --ignore ${JSON.stringify(unknown)}: there is no such check${hint}`);
  }
  return ALL_CHECKS.filter(({ id }) => !ignored.includes(id));
}

const NOT_ROOT: CheckResult = {
  id: 'root',
  title: 'doctor runs as root',
  findings: [
    {
      severity: 'broken',
      found: 'this command does not run as root',
      why: 'only root may read the firewall, the router and the daemon: nothing was checked',
      remedy: 'run it as root',
    },
  ],
};

async function examineHost(paths: HostPaths, checks: readonly Check[]): Promise<CheckResult[]> {
  await using rtnl = await openRtnl();
  return await examine(viewHost(paths, rtnl), checks);
}

async function fixAll(results: readonly CheckResult[], paths: HostPaths): Promise<ChangeReport[]> {
  const fixes = results.flatMap(({ findings }) => findings.flatMap((finding) => finding.fixes ?? []));
  await using rtnl = await openRtnl();
  const written = await readSysctlFiles(viewHost(paths, rtnl));
  return await repair(fixes, { target: hostTarget, log: fixLog(paths.stateDir), written });
}

function report(results: readonly CheckResult[], changes: readonly ChangeReport[], form: Form): number {
  const verdict = verdictOf(results);
  if (form.json) sayJson({ verdict, checks: results, changes });
  else printReport(results, changes, form);
  const hasFailed = changes.some(({ isDone }) => !isDone);
  return Math.max(EXIT_CODES[verdict], hasFailed ? EXIT_CODES.warnings : 0);
}

function reportUndo(changes: readonly ChangeReport[], json: boolean): number {
  if (json) sayJson({ changes });
  else if (changes.length === 0) say('there is nothing to undo');
  else printChanges(changes);
  return changes.every(({ isDone }) => isDone) ? EXIT_CODES.fine : EXIT_CODES.warnings;
}

function printReport(results: readonly CheckResult[], changes: readonly ChangeReport[], { verbose }: Form): void {
  if (changes.length > 0) {
    printChanges(changes);
    say('"routed-plugin doctor --undo" reverts this.');
    say();
  }
  const widestId = Math.max(...results.map(({ id }) => id.length));
  const columns = Math.max(LEAST_COLUMNS, terminalColumns(MOST_COLUMNS) - widestId - STATE_COLUMNS);
  const rows = results.flatMap(({ id, title, findings }): Cell[][] =>
    findings.length === 0
      ? [...(verbose ? [[paint('green', 'ok'), id, title]] : [])]
      : findings.map(({ severity, found, why, remedy }) => {
          const text = wrap([found, `Why: ${why}.`, `Do: ${remedy}.`], columns);
          return [paint(COLOURS[severity], severity), id, text];
        }),
  );
  if (rows.length > 0) printTable(['STATE', 'CHECK', 'FOUND'], rows);
  say(summary(results));
}

function summary(results: readonly CheckResult[]): string {
  const findings = results.flatMap((result) => result.findings);
  const count = (severity: string): number => findings.filter((finding) => finding.severity === severity).length;
  const repairable = findings.filter(({ fixes = [] }) => fixes.length > 0).length;
  const hint = repairable === 0 ? '' : `; --fix repairs ${repairable}`;
  const worst = `${count('broken')} broken, ${count('warning')} warnings, ${count('note')} notes`;
  return `${results.length} checks: ${findings.length === 0 ? 'all is well' : worst}${hint}`;
}

function printChanges(changes: readonly ChangeReport[]): void {
  for (const { isDone, text } of changes) say(`${isDone ? '' : '! '}${text}`);
}

/** Paragraphs of words, none longer than fits beside the other columns. A command in quotes stays in one piece, to be copied. Pure. */
export function wrap(paragraphs: readonly string[], columns: number): string[] {
  return paragraphs.flatMap((paragraph) => {
    const wrapped: string[] = [''];
    for (const word of paragraph.match(/(?:"[^"]*"|[^\s"]|"(?=[^"]*$))+/g) ?? []) {
      const line = wrapped.at(-1) ?? '';
      if (line !== '' && line.length + word.length >= columns) wrapped.push(word);
      else wrapped[wrapped.length - 1] = line === '' ? word : `${line} ${word}`;
    }
    return wrapped;
  });
}
