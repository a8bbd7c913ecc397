import { QuaggaError, messageOf } from '../errors.ts';
import type { VtyDaemon } from '../render/config.ts';
import type { DaemonLines, RunningConfig } from '../vty/running.ts';
import { type Expectation, waitFor } from './confirm.ts';
import { describeChange, restore } from './execute.ts';
import { replaceFiles, restoreFiles } from './files.ts';
import { type Journal, describePending, readJournal, removeJournal, runningBefore } from './journal.ts';
import { withLock } from './lock.ts';
import { type RestartOptions, restart } from './restart.ts';
import { readOwnRoutes } from './routes.ts';
import { kernelOf, openTarget } from './target.ts';

export interface RevertOptions extends RestartOptions {
  /** Where the files are, such as /etc/frr. */
  readonly configDir: string;
  /** How long neighbors and routes may take to come back, in milliseconds. Default 30,000, or OSPF's dead interval. */
  readonly confirmWithinMs?: number;
}

const CONFIRM_WITHIN_MS = 30_000;
/** Beyond the dead interval, for the exchange of databases. */
const ADJACENCY_MS = 5_000;

/** How long neighbors that miss each other after `deadSec` may take to find each other again, in milliseconds. */
export function patienceMs(options: RevertOptions, deadSec: number): number {
  return options.confirmWithinMs ?? Math.max(CONFIRM_WITHIN_MS, deadSec * 1000 + ADJACENCY_MS);
}

/** Waits for what was there; see {@link waitFor}. */
export function waitForRouter(
  expectation: Expectation,
  configs: readonly RunningConfig[],
  watchMs: (deadSec: number) => number,
  options: RevertOptions,
): Promise<readonly string[]> {
  return waitFor(expectation, {
    open: () => openTarget(options),
    readKernel: kernelOf(options),
    ownRoutes: (daemons: DaemonLines) => readOwnRoutes(daemons, ...configs),
    withinMs: patienceMs(options, expectation.state.deadSec),
    watchMs,
  });
}

/**
 * Keeps a change that waits for confirmation: writes its files.
 * @throws {@link QuaggaError} `APPLY_FAILED` when none waits
 */
export function confirmChange(options: RevertOptions): Promise<void> {
  const { configDir } = options;
  return withLock(configDir, async () => {
    const journal = await readJournal(configDir);
    if (journal === undefined)
      throw new QuaggaError('APPLY_FAILED', 'no change waits for confirmation: it was reverted, or there was none');
    if (journal.phase !== 'waiting')
      throw new QuaggaError('APPLY_FAILED', (await describePending(configDir)) ?? 'the change is not finished');
    await finish(journal, configDir);
  });
}

/** The last step of a change: the files say it too. */
export async function finish(journal: Journal, configDir: string): Promise<void> {
  if (journal.restartCommand === undefined) await replaceFiles(configDir, journal.files, journal.found);
  await removeJournal(configDir);
}

/**
 * Undoes a change that is not finished, or that waits for confirmation. Resolves to false when there is none. When it
 * fails, the record of the change stays, so that it can be called again.
 * @throws {@link QuaggaError} `APPLY_FAILED` while an apply is running, `ROLLBACK_FAILED`
 */
export function revertChange(options: RevertOptions, id?: string): Promise<boolean> {
  return withLock(options.configDir, async () => {
    const journal = await readJournal(options.configDir);
    if (journal === undefined || (id !== undefined && journal.id !== id)) return false;
    const differs = await goBack(journal, options);
    if (differs.length > 0) throw new QuaggaError('ROLLBACK_FAILED', `the rollback failed:\n${differs.join('\n')}`);
    return true;
  });
}

/** Brings router and files back to where they were, and compares. Returns what differs; then the journal stays. */
export async function goBack(journal: Journal, options: RevertOptions): Promise<readonly string[]> {
  const before = runningBefore(journal);
  const differs = await bringAllBack(journal, before, options).catch((error: unknown) => [messageOf(error)]);
  if (differs.length > 0) return differs;
  const expectation = { state: journal.state, withdrawn: new Set<string>(), ended: new Set<string>() };
  const missing = await waitForRouter(expectation, [before], () => 0, options);
  if (missing.length > 0)
    return ['the old configuration runs again, but not everything came back:', ...missing.map((one) => `- ${one}`)];
  await removeJournal(options.configDir);
  return [];
}

async function bringAllBack(journal: Journal, before: RunningConfig, options: RevertOptions): Promise<string[]> {
  await restoreFiles(options.configDir, journal.files, journal.found);
  if (journal.restartCommand !== undefined) {
    const wanted = { daemons: [...before.keys()], config: before.size === 0 ? undefined : before };
    const failure = await restart(journal.restartCommand, wanted, options);
    return failure === undefined ? [] : [`the restart with the old files failed: ${failure}`];
  }
  // Each daemon by itself and over a new connection: one that hangs must not keep the others from going back.
  const results = await Promise.all(groupsOf(before).map((group) => bringBack(group, before, options)));
  return results.filter((result) => result !== undefined);
}

/** Daemons that go back together: zebra repeats what mgmtd says, and only both tell whose a line is. */
function groupsOf(before: RunningConfig): VtyDaemon[][] {
  const together: VtyDaemon[] = before.has('mgmtd') ? ['mgmtd', 'zebra'] : [];
  const others = [...before.keys()].filter((daemon) => !together.includes(daemon)).map((daemon) => [daemon]);
  return together.length === 0 ? others : [together, ...others];
}

/** Returns what is wrong with the daemons, or nothing. */
async function bringBack(
  group: readonly VtyDaemon[],
  before: RunningConfig,
  options: RevertOptions,
): Promise<string | undefined> {
  try {
    await using daemons = await openTarget(options, group);
    const own = new Map([...before].filter(([daemon]) => group.includes(daemon)));
    const { left } = await restore(daemons, own);
    const gone = group.filter((daemon) => before.has(daemon) && !daemons.has(daemon)).map((one) => `${one} has gone`);
    const still = [...gone, ...left.map(describeChange)];
    return still.length === 0 ? undefined : still.join('\n');
  } catch (error) {
    return `${group.join(' and ')}: ${messageOf(error)}; run "quagga-config revert" once it answers`;
  }
}
