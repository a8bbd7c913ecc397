import { join } from 'node:path';
import { type SuiteOptions, checkConfiguration, tryOnFrr } from '../check/check.ts';
import { runCommand } from '../check/command.ts';
import { QuaggaError } from '../errors.ts';
import type { Change } from '../plan/change.ts';
import { type Effect, graver } from '../plan/effects.ts';
import { type PlanOptions, planChanges, worstEffect } from '../plan/plan.ts';
import { type Withdrawal, judgePolicies, withdrawals } from '../plan/withdrawals.ts';
import { DAEMONS, type DaemonName, type RenderedConfig, type RenderedFile, type VtyDaemon } from '../render/config.ts';
import { type DaemonLines, type RunningConfig, openDaemons, readRunning } from '../vty/running.ts';
import { readDrift } from './drift.ts';
import type { SectionDifference } from '../text/diff.ts';
import { convergeAndSettle, describeChange, restore } from './execute.ts';
import { findFile, mergeDaemonsFile, replaceFiles } from './files.ts';
import { withLock } from './lock.ts';
import { withForeignLines } from './merge.ts';
import { readRoutes } from './routes.ts';

export interface TargetOptions extends SuiteOptions, PlanOptions {
  /** Where the running daemons have their vty sockets, such as /run/frr. */
  readonly vtyDir: string;
  /** Where the files are, such as /etc/frr; without it a plan does not look at them. */
  readonly configDir?: string;
  /** How long a daemon may take to answer one command. Default 10 s. */
  readonly answerDeadlineMs?: number;
}

export interface ApplyOptions extends TargetOptions {
  /** Where the files go, such as /etc/frr. */
  readonly configDir: string;
  /** The gravest known effect that is allowed. Default hitless. */
  readonly allow?: Effect;
  /** Also makes changes of which nobody knows the effect. Default false. */
  readonly acceptUnknown?: boolean;
  /** Restarts the routing suite; a program and its arguments, separated by spaces, without a shell. */
  readonly restartCommand?: string;
  /** How long the daemons may take to come back. Default 30 s. */
  readonly restartDeadlineMs?: number;
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
}

interface Survey extends Plan {
  readonly desired: RunningConfig;
  readonly running: RunningConfig;
}

/** Longer than a daemon with 50,000 routes is busy; one that hangs is noticed all the same. */
const ANSWER_DEADLINE_MS = 10_000;

function open(options: TargetOptions, only?: readonly VtyDaemon[]): Promise<DaemonLines & AsyncDisposable> {
  const deadlineMs = options.answerDeadlineMs ?? ANSWER_DEADLINE_MS;
  return openDaemons(options.vtyDir, { deadlineMs, idleMs: 0 }, only);
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
  await using daemons = await open(options);
  const { effect, changes, missingDaemons, withdrawals: lost, drift } = await survey(config, daemons, options);
  const shown = changes.filter((change) => change.temporary !== true);
  return { effect, changes: shown, missingDaemons, withdrawals: lost, drift };
}

/**
 * Makes the running router what the configuration says: tests it, changes only the lines that differ, verifies, and
 * then replaces the files. Lines that the model cannot say stay, in the router and in the files, unless `takeOver` is
 * set. When anything goes wrong the router is brought back to where it was.
 * Quagga, and what FRR reads only at start, need `restartCommand`.
 * @throws {@link QuaggaError} `CHECKER_REFUSED`, `CHECKER_MISSING`, `VTY_FAILED`, `APPLY_FAILED` or `ROLLBACK_FAILED`
 */
export function applyConfiguration(config: RenderedConfig, options: ApplyOptions): Promise<Plan> {
  const change = config.dialect === 'quagga' ? applyByFiles : applyToFrr;
  return withLock(options.configDir, () => change(config, options));
}

async function applyToFrr(config: RenderedConfig, options: ApplyOptions): Promise<Plan> {
  await using daemons = await open(options);
  const plan = await survey(config, daemons, options);
  const files = await mergedFiles(config.files, options);
  refuseGraver(plan, options);
  if (plan.effect === 'restart') await restartWith(files, options, config.daemons, plan.desired);
  else await changeLive(daemons, plan, files, options);
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

async function changeLive(
  daemons: DaemonLines,
  plan: Survey,
  files: readonly RenderedFile[],
  options: ApplyOptions,
): Promise<void> {
  try {
    const { left, refused } = await convergeAndSettle(daemons, plan.desired, options);
    if (left.length > 0) {
      const reasons = [...refused.map(({ line, answer }) => `${line}: ${answer}`), ...left.map(describeChange)];
      throw new QuaggaError('APPLY_FAILED', `the router rejected the configuration\n${reasons.join('\n')}`);
    }
    await replaceFiles(options.configDir, files);
  } catch (cause) {
    await rollBack(plan.running, options, cause);
  }
}

/** Each daemon by itself and over a new connection: one that hangs must not keep the others from going back. */
async function rollBack(before: RunningConfig, options: TargetOptions, cause: unknown): Promise<never> {
  const reason = messageOf(cause);
  const results = await Promise.all(groupsOf(before).map((group) => bringBack(group, before, options)));
  const failed = results.filter((result) => result !== undefined);
  if (failed.length === 0) throw new QuaggaError('APPLY_FAILED', `rolled back: ${reason}`, { cause });
  throw new QuaggaError('ROLLBACK_FAILED', `${reason}\nand the rollback failed:\n${failed.join('\n')}`, {
    cause,
  });
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
  options: TargetOptions,
): Promise<string | undefined> {
  try {
    await using daemons = await open(options, group);
    const own = new Map([...before].filter(([daemon]) => group.includes(daemon)));
    const { left } = await restore(daemons, own);
    const gone = group.filter((daemon) => before.has(daemon) && !daemons.has(daemon)).map((one) => `${one} has gone`);
    const still = [...gone, ...left.map(describeChange)];
    return still.length === 0 ? undefined : still.join('\n');
  } catch (error) {
    return `${group.join(' and ')}: ${messageOf(error)}; apply again once it answers`;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
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
  await restartWith(await mergedFiles(config.files, options), options, config.daemons);
  return BY_RESTART;
}

/** Writes the files and restarts; when the daemons do not come back, the old files do. */
async function restartWith(
  files: readonly RenderedFile[],
  options: ApplyOptions,
  daemons: readonly DaemonName[],
  desired?: RunningConfig,
): Promise<void> {
  const { restartCommand } = options;
  if (restartCommand === undefined)
    throw new QuaggaError(
      'APPLY_FAILED',
      'nothing was changed: this needs a restart; give the command that restarts the routing suite',
    );
  const undo = await replaceFiles(options.configDir, files);
  const failure = await restart(restartCommand, daemons, options, desired);
  if (failure === undefined) return;
  await undo();
  const second = await restart(restartCommand, [], options);
  if (second === undefined) throw new QuaggaError('APPLY_FAILED', `rolled back: ${failure}`);
  throw new QuaggaError('ROLLBACK_FAILED', `${failure}\nand the restart with the old files failed: ${second}`);
}

/** Returns what is wrong after the restart, or nothing. */
async function restart(
  command: string,
  daemons: readonly DaemonName[],
  options: ApplyOptions,
  desired?: RunningConfig,
): Promise<string | undefined> {
  const [program = '', ...args] = command.trim().split(/\s+/);
  const result = await runCommand(program, args).catch((error: unknown) => ({ status: 127, stderr: String(error) }));
  if (result.status !== 0) return `the restart command failed with status ${result.status}: ${result.stderr.trim()}`;
  const deadline = performance.now() + (options.restartDeadlineMs ?? 30_000);
  let complaint = await whatIsWrong(options, daemons, desired);
  while (complaint !== undefined && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    complaint = await whatIsWrong(options, daemons, desired);
  }
  return complaint;
}

async function whatIsWrong(
  options: ApplyOptions,
  daemons: readonly DaemonName[],
  desired?: RunningConfig,
): Promise<string | undefined> {
  try {
    await using lines = await open(options);
    const missing = daemons.filter((daemon) => !lines.has(daemon));
    if (missing.length > 0) return `not running after the restart: ${missing.join(', ')}`;
    const left = desired === undefined ? [] : planChanges(await readRunning(lines), desired, options);
    return left.length === 0 ? undefined : `different after the restart:\n${left.map(describeChange).join('\n')}`;
  } catch (error) {
    // A daemon that dies while it is asked.
    return messageOf(error);
  }
}
