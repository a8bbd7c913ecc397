import { type Confirmation, type Plan, applyConfiguration, planConfiguration } from '../apply/apply.ts';
import { guardChange } from '../apply/guard.ts';
import { describePending } from '../apply/journal.ts';
import { type RevertOptions, confirmChange, revertChange } from '../apply/revert.ts';
import { describeChange } from '../apply/execute.ts';
import type { RouterModel } from '../model/router.ts';
import type { Change } from '../plan/change.ts';
import type { Effect } from '../plan/effects.ts';
import { formatDifferences } from '../text/diff.ts';
import { type CliEnvironment, EXIT, type ExitCode } from './environment.ts';
import { CONFIG_DIRS, type TargetFlags, type Work, target, toJson, withConfig, withExitStatus } from './run.ts';

function changeText(change: Change): string {
  return `${change.effect.padEnd(7)}  ${describeChange(change)}\n         ${change.reason}\n`;
}

/** Plans as text and JSON never hold a secret: `describeChange` hides it. */
function showPlan(plan: Plan, asJson: boolean): string {
  const changes = plan.changes.filter((change) => change.temporary !== true);
  if (asJson) {
    const shown = changes.map((change) => ({
      effect: change.effect,
      reason: change.reason,
      change: describeChange(change),
    }));
    const { effect, missingDaemons, withdrawals, drift, pending } = plan;
    return toJson({ effect, missingDaemons, withdrawals, drift, changes: shown, pending });
  }
  const missing = plan.missingDaemons.map((daemon) => `restart  ${daemon} does not run\n`);
  const lines = [...missing, ...changes.map(changeText)];
  if (plan.drift.length > 0)
    lines.push(
      `file     has lines that are not running; the next start would load them\n${formatDifferences(plan.drift)}`,
    );
  if (plan.pending !== undefined) lines.push(`pending  ${plan.pending}\n`);
  return lines.length === 0 && plan.effect === 'hitless' ? 'nothing to do\n' : `${lines.join('')}${plan.effect}\n`;
}

export function planCommand(
  environment: CliEnvironment,
  path: string | undefined,
  flags: ChangeFlags,
): Promise<ExitCode> {
  return withConfig(environment, path, flags, async (config) => {
    const plan = await planConfiguration(config, target(flags, config.dialect));
    environment.write(showPlan(plan, flags.json === true));
    const isSame = plan.changes.length === 0 && plan.drift.length === 0 && plan.effect === 'hitless';
    const isDone = isSame && plan.pending === undefined;
    return isDone ? EXIT.ok : EXIT.differs;
  });
}

export interface ChangeFlags extends TargetFlags {
  readonly takeOver?: boolean;
}

export interface ApplyFlags extends ChangeFlags {
  readonly allow?: Effect;
  readonly acceptUnknown?: boolean;
  readonly restartCommand?: string;
  readonly confirm?: Confirmation;
  /** Milliseconds. */
  readonly confirmWithin?: number;
}

export function applyCommand(
  environment: CliEnvironment,
  path: string | undefined,
  flags: ApplyFlags,
  change?: (model: RouterModel) => RouterModel,
): Promise<ExitCode> {
  const work: Work = async (config) => {
    const place = target(flags, config.dialect);
    const plan = await applyConfiguration(config, {
      ...place,
      ...(flags.allow === undefined ? {} : { allow: flags.allow }),
      ...(flags.acceptUnknown === undefined ? {} : { acceptUnknown: flags.acceptUnknown }),
      ...(flags.restartCommand === undefined ? {} : { restartCommand: flags.restartCommand }),
      ...(flags.confirm === undefined ? {} : { confirm: flags.confirm }),
      ...(flags.confirmWithin === undefined ? {} : { confirmWithinMs: flags.confirmWithin }),
      startGuard: (id) =>
        environment.detach(['revert', '--when-due', id, '--config-dir', place.configDir, '--vty-dir', place.vtyDir]),
    });
    environment.write(showPlan(plan, flags.json === true));
    return EXIT.ok;
  };
  return withConfig(environment, path, flags, work, change);
}

/** Where a change may wait. */
export interface PendingFlags {
  readonly vtyDir?: string;
  readonly configDir?: string;
  /** Of the change to watch over. */
  readonly whenDue?: string;
}

/** Without a folder: where a change waits, else FRR's. */
async function pendingTarget(flags: PendingFlags): Promise<RevertOptions> {
  const isQuagga = flags.configDir === undefined && (await describePending(CONFIG_DIRS.quagga)) !== undefined;
  return target(flags, isQuagga ? 'quagga' : 'frr');
}

export function confirmCommand(environment: CliEnvironment, flags: PendingFlags): Promise<ExitCode> {
  return withExitStatus(environment, async () => {
    await confirmChange(await pendingTarget(flags));
    environment.write('confirmed\n');
    return EXIT.ok;
  });
}

export function revertCommand(environment: CliEnvironment, flags: PendingFlags): Promise<ExitCode> {
  return withExitStatus(environment, async () => {
    const options = await pendingTarget(flags);
    if (flags.whenDue === undefined)
      environment.write((await revertChange(options)) ? 'reverted\n' : 'nothing to revert\n');
    else await guardChange(flags.whenDue, options, (text) => void environment.log(text));
    return EXIT.ok;
  });
}
