import { join } from 'node:path';
import { checkConfiguration, tryOnFrr } from '../check/check.ts';
import { QuaggaError, messageOf } from '../errors.ts';
import type { Change } from '../plan/change.ts';
import { type Effect, graver } from '../plan/effects.ts';
import { planChanges, worstEffect } from '../plan/plan.ts';
import { type Withdrawal, judgePolicies, withdrawals } from '../plan/withdrawals.ts';
import { DAEMONS, type DaemonName, type RenderedConfig, type RenderedFile } from '../render/config.ts';
import type { SectionDifference } from '../text/diff.ts';
import { type DaemonLines, type RunningConfig, readRunning } from '../vty/running.ts';
import { readDrift } from './drift.ts';
import { convergeAndSettle, describeChange, whatDiffers } from './execute.ts';
import { daemonsSwitchedOff, findFile, findFiles, mergeDaemonsFile, replaceFiles } from './files.ts';
import { type Journal, describePending, newJournal, readJournal, runningBefore, writeJournal } from './journal.ts';
import { withLock } from './lock.ts';
import { withForeignLines } from './merge.ts';
import { withRaw } from './raw.ts';
import { restart } from './restart.ts';
import { type RevertOptions, finish, goBack, patienceMs, waitForRouter } from './revert.ts';
import { type RouterState, readState } from './router-state.ts';
import { readRoutes } from './routes.ts';
import { type TargetOptions, kernelOf, openTarget } from './target.ts';

/**
 * Who decides that a change stays: `auto`: neighbors and routes are back in time. `manual`: somebody calls
 * {@link confirmChange} in time; whoever sets this starts something that calls {@link revertChange} otherwise. `none`: it
 * stays as soon as the daemons have it.
 */
export type Confirmation = 'auto' | 'manual' | 'none';

export interface ApplyOptions extends RevertOptions {
  /** The gravest known effect that is allowed. Default hitless. */
  readonly allow?: Effect;
  /** Also makes changes of which nobody knows the effect. Default false. */
  readonly acceptUnknown?: boolean;
  /** Restarts the routing suite; a program and its arguments, separated by spaces, without a shell. */
  readonly restartCommand?: string;
  /** Default auto. */
  readonly confirm?: Confirmation;
  /** Called before the first change with its id: starts a process that undoes it when this one dies. */
  readonly startGuard?: (id: string) => void;
}

/** What applying would do. */
export interface Plan {
  readonly effect: Effect;
  readonly changes: readonly Change[];
  /** Daemons that the configuration needs and that do not run. */
  readonly missingDaemons: readonly DaemonName[];
  /** The routes that somebody loses, by name. */
  readonly withdrawals: readonly Withdrawal[];
  /** Lines of the file that neither run nor are wanted: the next start would load them. Applying removes them. */
  readonly drift: readonly SectionDifference[];
  /** A change that is not finished or not confirmed. */
  readonly pending?: string;
}

interface Survey extends Plan {
  readonly desired: RunningConfig;
  readonly running: RunningConfig;
}

async function survey(config: RenderedConfig, daemons: DaemonLines, options: TargetOptions): Promise<Survey> {
  const running = await readRunning(daemons);
  const missingDaemons = config.daemons.filter((daemon) => !daemons.has(daemon));
  const started = DAEMONS.filter((daemon) => config.daemons.includes(daemon) || daemons.has(daemon));
  const desired = await tryOnFrr(config, started, options);
  const planned = planChanges(running, desired, options);
  const isPolicy = planned.some((change) => change.isPolicy);
  const lost = isPolicy ? withdrawals(running, desired, await readRoutes(daemons, running, desired), options) : [];
  const changes = judgePolicies(planned, lost);
  const effect = missingDaemons.length > 0 ? 'restart' : worstEffect(changes);
  const drift = await readDrift(config, options.configDir, running);
  return { effect, changes, missingDaemons, withdrawals: lost, drift, desired, running };
}

const BY_RESTART: Plan = { effect: 'restart', changes: [], missingDaemons: [], withdrawals: [], drift: [] };

/**
 * Compares the configuration with the running FRR and says for every line what its change does to running
 * containers. Needs root, for the namespace in which real daemons say what they make of the configuration.
 * @throws {@link QuaggaError} `CHECKER_REFUSED`, `CHECKER_MISSING` or `VTY_FAILED`
 */
export async function planConfiguration(config: RenderedConfig, options: TargetOptions): Promise<Plan> {
  if (config.dialect === 'quagga') return BY_RESTART;
  await using daemons = await openTarget(options);
  const told = await withRaw(config, options);
  const { effect, changes, missingDaemons, withdrawals: lost, drift } = await survey(config, daemons, told);
  const shown = changes.filter((change) => change.temporary !== true);
  return await withPending({ effect, changes: shown, missingDaemons, withdrawals: lost, drift }, options.configDir);
}

async function withPending(plan: Plan, configDir: string | undefined): Promise<Plan> {
  const pending = configDir === undefined ? undefined : await describePending(configDir);
  return pending === undefined ? plan : { ...plan, pending };
}

/**
 * Makes the running router what the configuration says: tests it, changes only the lines that differ, waits until
 * neighbors and routes are back, and then replaces the files. Lines that the model cannot say stay, in the router and in
 * the files, unless `takeOver` is set. When anything goes wrong or missing the router is brought back to where it was.
 * Quagga, and what FRR reads only at start, need `restartCommand`.
 * @throws {@link QuaggaError} `CHECKER_REFUSED`, `CHECKER_MISSING`, `VTY_FAILED`, `APPLY_FAILED` or `ROLLBACK_FAILED`
 */
export function applyConfiguration(config: RenderedConfig, options: ApplyOptions): Promise<Plan> {
  const change = config.dialect === 'quagga' ? applyByFiles : applyToFrr;
  return withLock(options.configDir, async () => {
    const pending = await readJournal(options.configDir);
    if (pending?.phase === 'waiting')
      throw new QuaggaError('APPLY_FAILED', `nothing was changed: ${(await describePending(options.configDir)) ?? ''}`);
    const plan = await change(config, options);
    return options.confirm === 'manual' ? await withPending(plan, options.configDir) : plan;
  });
}

async function applyToFrr(config: RenderedConfig, given: ApplyOptions): Promise<Plan> {
  const options = await withRaw(config, given);
  await using daemons = await openTarget(options);
  const plan = await survey(config, daemons, options);
  refuseGraver(plan, options);
  const { running, desired } = plan;
  const change = await prepare(config, { plan, running, desired }, daemons, options);
  await carryOut(change, options, async () => {
    if (plan.effect === 'restart') await startAgain(change, config.daemons, options);
    else await changeLines(daemons, desired, options);
  });
  return plan;
}

function refuseGraver(plan: Plan, options: ApplyOptions): void {
  const allowed = options.allow ?? 'hitless';
  const isAllowed = (effect: Effect): boolean =>
    effect === 'unknown' ? options.acceptUnknown === true : graver(effect, allowed) === allowed;
  const missing = plan.missingDaemons.map((daemon) => `${daemon} does not run`);
  const refused = plan.changes.filter((change) => !isAllowed(change.effect));
  if (refused.length === 0 && (plan.effect !== 'restart' || isAllowed('restart'))) return;
  const needed = [
    ...new Set([...refused.map(({ effect }) => effect), ...(plan.effect === 'restart' ? [plan.effect] : [])]),
  ];
  const known = needed.filter((effect) => effect !== 'unknown').reduce(graver, allowed);
  const remedies = [
    ...(known === allowed ? [] : [`allow ${known}`]),
    ...(needed.includes('unknown') ? ['accept unknown effects'] : []),
  ].join(' and ');
  const changes = refused.map((change) => `${describeChange(change)} (${change.effect}: ${change.reason})`);
  throw new QuaggaError(
    'APPLY_FAILED',
    [`nothing was changed: this is not ${allowed}; ${remedies} to continue`, ...missing, ...changes].join('\n'),
  );
}

async function changeLines(daemons: DaemonLines, desired: RunningConfig, options: ApplyOptions): Promise<void> {
  const { left, refused } = await convergeAndSettle(daemons, desired, options);
  if (left.length === 0) return;
  const reasons = [...refused.map(({ line, answer }) => `${line}: ${answer}`), ...left.map(describeChange)];
  throw new QuaggaError('APPLY_FAILED', `the router rejected the configuration\n${reasons.join('\n')}`);
}

async function mergedFiles(files: readonly RenderedFile[], options: ApplyOptions): Promise<RenderedFile[]> {
  const merged = files.map(async (file): Promise<RenderedFile> => {
    const { text } = await findFile(join(options.configDir, file.name));
    if (file.name === 'daemons') return { ...file, text: mergeDaemonsFile(text, file.text) };
    return options.takeOver === true ? file : withForeignLines(file, text);
  });
  return await Promise.all(merged);
}

async function applyByFiles(config: RenderedConfig, options: ApplyOptions): Promise<Plan> {
  await checkConfiguration(config, options).catch((error: unknown) => {
    // Quagga refuses to start with a bad file, which the guard below notices.
    if (!(error instanceof QuaggaError) || error.code !== 'CHECKER_MISSING') throw error;
  });
  refuseGraver(BY_RESTART, options);
  const change = await prepare(config, { plan: BY_RESTART, running: new Map() }, new Map(), options);
  await carryOut(change, options, () => startAgain(change, config.daemons, options));
  return BY_RESTART;
}

/** Writes the files and restarts. */
async function startAgain(
  change: PreparedChange,
  daemons: readonly DaemonName[],
  options: ApplyOptions,
): Promise<void> {
  const { journal, desired } = change;
  await replaceFiles(options.configDir, journal.files, journal.found);
  const wanted = { daemons, config: desired, plan: options };
  const failure = await restart(journal.restartCommand ?? '', wanted, options);
  if (failure !== undefined) throw new QuaggaError('APPLY_FAILED', failure);
}

interface Target {
  readonly plan: Plan;
  readonly running: RunningConfig;
  readonly desired?: RunningConfig;
}

/** A change that can be made, and undone. */
interface PreparedChange extends Target {
  readonly journal: Journal;
}

/** Notes what undoes the change. What an apply that died has left behind belongs to it: that is undone too. */
async function prepare(
  config: RenderedConfig,
  target: Target,
  daemons: DaemonLines,
  options: ApplyOptions,
): Promise<PreparedChange> {
  const { configDir, restartCommand } = options;
  const { plan, running } = target;
  const isRestart = plan.effect === 'restart';
  if (isRestart && restartCommand === undefined)
    throw new QuaggaError(
      'APPLY_FAILED',
      'nothing was changed: this needs a restart; give the command that restarts the routing suite',
    );
  const old = await readJournal(configDir);
  const files = await mergedFiles(config.files, options);
  const state = old?.state ?? (await readState(daemons, kernelOf(options)));
  refuseShortWatch(plan, state, options);
  const command = isRestart ? restartCommand : old?.restartCommand;
  const parts = {
    files,
    found: old?.found ?? (await findFiles(configDir, files)),
    state,
    ...(command === undefined ? {} : { restartCommand: command }),
  };
  const journal = newJournal(parts, old === undefined ? running : runningBefore(old));
  await writeJournal(configDir, journal).catch((cause: unknown) => {
    throw new QuaggaError('APPLY_FAILED', `nothing was changed: ${messageOf(cause)}`, { cause });
  });
  return { ...target, journal };
}

/** Makes the change, and keeps or undoes it. */
async function carryOut(change: PreparedChange, options: ApplyOptions, make: () => Promise<void>): Promise<void> {
  const { journal } = change;
  const { confirm = 'auto', configDir, startGuard } = options;
  startGuard?.(journal.id);
  try {
    await make();
    if (confirm === 'auto') await requireEverythingBack(change, options);
    if (confirm === 'manual') await leaveWaiting(journal, options);
    else await finish(journal, configDir);
  } catch (cause) {
    const differs = await goBack(journal, options);
    const reason = messageOf(cause);
    if (differs.length === 0) throw new QuaggaError('APPLY_FAILED', `rolled back: ${reason}`, { cause });
    throw new QuaggaError('ROLLBACK_FAILED', `${reason}\nand the rollback failed:\n${differs.join('\n')}`, { cause });
  }
}

async function leaveWaiting(journal: Journal, options: ApplyOptions): Promise<void> {
  const confirmBy = new Date(Date.now() + patienceMs(options, journal.state.deadSec)).toISOString();
  await writeJournal(options.configDir, { ...journal, phase: 'waiting', confirmBy });
}

async function requireEverythingBack(
  { plan, journal, running, desired }: PreparedChange,
  options: ApplyOptions,
): Promise<void> {
  const withdrawn = new Set(plan.withdrawals.flatMap(({ prefixes }) => prefixes));
  // Only a start reads which daemons are wanted.
  const wanted = plan.effect === 'restart' ? journal.files.find(({ name }) => name === 'daemons') : undefined;
  const ended = new Set(daemonsSwitchedOff(wanted?.text ?? ''));
  const expectation = { state: journal.state, withdrawn, ended };
  const configs = desired === undefined ? [] : [running, desired];
  const missing = await waitForRouter(expectation, configs, (deadSec) => watchMs(plan, deadSec), options);
  if (missing.length > 0) {
    const seconds = patienceMs(options, journal.state.deadSec) / 1000;
    const list = missing.map((one) => `- ${one}`).join('\n');
    throw new QuaggaError('APPLY_FAILED', `not back within ${seconds} s:\n${list}`);
  }
  if (desired === undefined) return;
  // A daemon that died meanwhile has read its old file.
  await using daemons = await openTarget(options);
  const left = whatDiffers(await readRunning(daemons), desired, options);
  if (left.length > 0)
    throw new QuaggaError(
      'APPLY_FAILED',
      `the router no longer has the configuration\n${left.map(describeChange).join('\n')}`,
    );
}

/** For a daemon to end the sessions that it does not like. */
const SESSIONS_END_MS = 2_000;

/**
 * How long to watch a change: what loses no neighbor needs no watch. A neighbor that rejects our OSPF packets notices
 * after its dead interval; after a restart adjacencies are new.
 */
function watchMs(plan: Plan, deadSec: number): number {
  if (plan.effect === 'hitless') return 0;
  const isOspf = plan.changes.some(({ daemon, effect }) => effect !== 'hitless' && daemon.startsWith('ospf'));
  return isOspf && plan.effect !== 'restart' ? (deadSec + 1) * 1000 : SESSIONS_END_MS;
}

function refuseShortWatch(plan: Plan, state: RouterState, options: ApplyOptions): void {
  if ((options.confirm ?? 'auto') !== 'auto') return;
  const [needed, given] = [watchMs(plan, state.deadSec), patienceMs(options, state.deadSec)];
  if (needed <= given) return;
  throw new QuaggaError(
    'APPLY_FAILED',
    `nothing was changed: OSPF shows a failure only after ${needed / 1000} s; give it longer than ${given / 1000} s to confirm`,
  );
}
