import {
  ALL_CHECKS,
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
import { printTable } from '../terminal/table.ts';
import { say, sayJson } from '../terminal/terminal.ts';

const TEXT_COLUMNS = 110;

const flagsSchema = z.object({
  fix: z.boolean().default(false),
  undo: z.boolean().default(false),
  json: z.boolean().default(false),
  pluginDir: z.string(),
  stateDir: z.string(),
  adminSocket: z.string(),
  dockerSocket: z.string(),
  routerDir: z.string().optional(),
});

/** Examines the host, repairs it or takes repairs back. Returns the exit code. */
export async function doctor(raw: Readonly<Record<string, unknown>>): Promise<number> {
  const { fix, undo: isUndo, json, routerDir, ...paths } = flagsSchema.parse(raw);
  const hostPaths = { ...paths, routerDirs: routerDir === undefined ? ROUTER_DIRECTORIES : [routerDir] };
  if (!(await isAllowedToRoute())) return report([NOT_ROOT], [], json);
  if (isUndo) return reportUndo(await undo({ target: hostTarget, log: fixLog(paths.stateDir) }), json);
  const before = await examineHost(hostPaths);
  if (!fix) return report(before, [], json);
  const changes = await fixAll(before, hostPaths);
  // What counts is how it is now.
  return report(await examineHost(hostPaths), changes, json);
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

async function examineHost(paths: HostPaths): Promise<CheckResult[]> {
  await using rtnl = await openRtnl();
  return await examine(viewHost(paths, rtnl), ALL_CHECKS);
}

async function fixAll(results: readonly CheckResult[], paths: HostPaths): Promise<ChangeReport[]> {
  const fixes = results.flatMap(({ findings }) => findings.flatMap((finding) => finding.fixes ?? []));
  await using rtnl = await openRtnl();
  const written = await readSysctlFiles(viewHost(paths, rtnl));
  return await repair(fixes, { target: hostTarget, log: fixLog(paths.stateDir), written });
}

function report(results: readonly CheckResult[], changes: readonly ChangeReport[], json: boolean): number {
  const verdict = verdictOf(results);
  if (json) sayJson({ verdict, checks: results, changes });
  else printReport(results, changes);
  const hasFailed = changes.some(({ isDone }) => !isDone);
  return Math.max(EXIT_CODES[verdict], hasFailed ? EXIT_CODES.warnings : 0);
}

function reportUndo(changes: readonly ChangeReport[], json: boolean): number {
  if (json) sayJson({ changes });
  else if (changes.length === 0) say('there is nothing to undo');
  else printChanges(changes);
  return changes.every(({ isDone }) => isDone) ? EXIT_CODES.fine : EXIT_CODES.warnings;
}

function printReport(results: readonly CheckResult[], changes: readonly ChangeReport[]): void {
  if (changes.length > 0) {
    printChanges(changes);
    say('"routed-plugin doctor --undo" reverts this.');
    say();
  }
  const rows = results.flatMap(({ id, findings }) =>
    findings.map(({ severity, found, why, remedy }) => [severity, id, wrap([found, `Why: ${why}.`, `Do: ${remedy}.`])]),
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

/** Paragraphs of words, none longer than fits beside the other columns. */
function wrap(paragraphs: readonly string[]): string[] {
  return paragraphs.flatMap((paragraph) => {
    const wrapped: string[] = [''];
    for (const word of paragraph.split(' ')) {
      const line = wrapped.at(-1) ?? '';
      if (line !== '' && line.length + word.length >= TEXT_COLUMNS) wrapped.push(word);
      else wrapped[wrapped.length - 1] = line === '' ? word : `${line} ${word}`;
    }
    return wrapped;
  });
}
