import { join } from 'node:path';
import { type SuiteOptions, checkConfiguration, tryOnFrr } from '../check/check.ts';
import { runCommand } from '../check/command.ts';
import { QuaggaError } from '../errors.ts';
import type { Change } from '../plan/change.ts';
import type { Effect } from '../plan/effects.ts';
import { planChanges, worstEffect } from '../plan/plan.ts';
import type { DaemonName, RenderedConfig, RenderedFile } from '../render/config.ts';
import { type DaemonLines, type RunningConfig, openDaemons, readRunning } from '../vty/running.ts';
import { converge, describeChange } from './execute.ts';
import { findFile, mergeDaemonsFile, replaceFiles } from './files.ts';

export interface TargetOptions extends SuiteOptions {
  /** Where the running daemons have their vty sockets, such as /run/frr. */
  readonly vtyDir: string;
}

export interface ApplyOptions extends TargetOptions {
  /** Where the files go, such as /etc/frr. */
  readonly configDir: string;
  /** The gravest effect that is allowed. Default hitless. */
  readonly allow?: Effect;
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
}

interface Survey extends Plan {
  readonly desired: RunningConfig;
  readonly running: RunningConfig;
}

async function survey(config: RenderedConfig, daemons: DaemonLines, options: SuiteOptions): Promise<Survey> {
  const running = await readRunning(daemons);
  const missingDaemons = config.daemons.filter((daemon) => !daemons.has(daemon));
  const desired = await tryOnFrr(config, [...new Set([...config.daemons, ...daemons.keys()])], options);
  const changes = planChanges(running, desired);
  const effect = missingDaemons.length > 0 ? 'restart' : worstEffect(changes);
  return { effect, changes, missingDaemons, desired, running };
}

/**
 * Compares the configuration with the running FRR and says for every line what its change does to running
 * containers. Needs root, for the namespace in which real daemons say what they make of the configuration.
 * @throws {@link QuaggaError} `CHECKER_REFUSED`, `CHECKER_MISSING` or `VTY_FAILED`
 */
export async function planConfiguration(config: RenderedConfig, options: TargetOptions): Promise<Plan> {
  if (config.dialect === 'quagga') return { effect: 'restart', changes: [], missingDaemons: [] };
  await using daemons = await openDaemons(options.vtyDir);
  const { effect, changes, missingDaemons } = await survey(config, daemons, options);
  return { effect, changes: changes.filter((change) => change.temporary !== true), missingDaemons };
}

/**
 * Makes the running router what the configuration says: tests it, changes only the lines that differ, verifies, and
 * then replaces the files. When anything goes wrong the router is brought back to where it was.
 * Quagga, and what FRR reads only at start, need `restartCommand`.
 * @throws {@link QuaggaError} `CHECKER_REFUSED`, `CHECKER_MISSING`, `APPLY_FAILED` or `ROLLBACK_FAILED`
 */
export async function applyConfiguration(config: RenderedConfig, options: ApplyOptions): Promise<Plan> {
  if (config.dialect === 'quagga') return await applyByFiles(config, options);
  await using daemons = await openDaemons(options.vtyDir);
  const plan = await survey(config, daemons, options);
  const files = await withMergedDaemons(config.files, options.configDir);
  refuseGraver(plan, options);
  if (plan.effect === 'restart') await restartWith(files, options, config.daemons, plan.desired);
  else await changeLive(daemons, plan, files, options.configDir);
  return plan;
}

const GRAVITY = { hitless: 0, flaps: 1, restart: 2 } as const;

function refuseGraver(plan: Plan, options: ApplyOptions): void {
  const allowed = options.allow ?? 'hitless';
  if (GRAVITY[plan.effect] <= GRAVITY[allowed]) return;
  const missing = plan.missingDaemons.map((daemon) => `${daemon} does not run`);
  const changes = plan.changes
    .filter((change) => GRAVITY[change.effect] > GRAVITY[allowed])
    .map((change) => `${describeChange(change)} (${change.effect}: ${change.reason})`);
  throw new QuaggaError(
    'APPLY_FAILED',
    [`nothing was changed: this is not ${allowed}; allow ${plan.effect} to go on`, ...missing, ...changes].join('\n'),
  );
}

async function changeLive(
  daemons: DaemonLines,
  plan: Survey,
  files: readonly RenderedFile[],
  configDir: string,
): Promise<void> {
  try {
    const { left, refused } = await converge(daemons, plan.desired);
    if (left.length > 0) {
      const reasons = [...refused.map(({ line, answer }) => `${line}: ${answer}`), ...left.map(describeChange)];
      throw new QuaggaError('APPLY_FAILED', `the router did not take the configuration\n${reasons.join('\n')}`);
    }
    await replaceFiles(configDir, files);
  } catch (cause) {
    await rollBack(daemons, plan.running, cause);
  }
}

async function rollBack(daemons: DaemonLines, before: RunningConfig, cause: unknown): Promise<never> {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const { left } = await converge(daemons, before);
  if (left.length === 0) throw new QuaggaError('APPLY_FAILED', `rolled back: ${reason}`, { cause });
  const open = left.map(describeChange).join('\n');
  throw new QuaggaError(
    'ROLLBACK_FAILED',
    `${reason}\nand the router could not be brought back; still different:\n${open}`,
    { cause },
  );
}

async function withMergedDaemons(files: readonly RenderedFile[], configDir: string): Promise<RenderedFile[]> {
  const found = await findFile(join(configDir, 'daemons'));
  return files.map((file) =>
    file.name === 'daemons' ? { ...file, text: mergeDaemonsFile(found.text, file.text) } : file,
  );
}

async function applyByFiles(config: RenderedConfig, options: ApplyOptions): Promise<Plan> {
  await checkConfiguration(config, options).catch((error: unknown) => {
    // Quagga refuses to start with a bad file, which the guard below notices.
    if (!(error instanceof QuaggaError) || error.code !== 'CHECKER_MISSING') throw error;
  });
  const plan: Plan = { effect: 'restart', changes: [], missingDaemons: [] };
  refuseGraver(plan, options);
  await restartWith(config.files, options, config.daemons);
  return plan;
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
  let complaint = await whatIsWrong(options.vtyDir, daemons, desired);
  while (complaint !== undefined && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    complaint = await whatIsWrong(options.vtyDir, daemons, desired);
  }
  return complaint;
}

async function whatIsWrong(
  vtyDir: string,
  daemons: readonly DaemonName[],
  desired?: RunningConfig,
): Promise<string | undefined> {
  try {
    await using lines = await openDaemons(vtyDir);
    const missing = daemons.filter((daemon) => !lines.has(daemon));
    if (missing.length > 0) return `not running after the restart: ${missing.join(', ')}`;
    const left = desired === undefined ? [] : planChanges(await readRunning(lines), desired);
    return left.length === 0 ? undefined : `different after the restart:\n${left.map(describeChange).join('\n')}`;
  } catch (error) {
    // A daemon that dies while it is asked.
    return error instanceof Error ? error.message : String(error);
  }
}
