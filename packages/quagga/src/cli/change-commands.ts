import { type Plan, type TargetOptions, applyConfiguration, planConfiguration } from '../apply/apply.ts';
import { describeChange } from '../apply/execute.ts';
import type { Dialect } from '../dialect.ts';
import type { Change } from '../plan/change.ts';
import type { Effect } from '../plan/effects.ts';
import { formatDifferences } from '../text/diff.ts';
import { type CliEnvironment, EXIT, type ExitCode } from './environment.ts';
import { CONFIG_DIRS, type TargetFlags, VTY_DIRS, toJson, withConfig } from './run.ts';

interface Target extends TargetOptions {
  readonly configDir: string;
}

function target(flags: ChangeFlags, dialect: Dialect): Target {
  return {
    ...(flags.takeOver === undefined ? {} : { takeOver: flags.takeOver }),
    vtyDir: flags.vtyDir ?? VTY_DIRS[dialect],
    configDir: flags.configDir ?? CONFIG_DIRS[dialect],
    ...(flags.daemonDir === undefined ? {} : { daemonDir: flags.daemonDir }),
  };
}

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
    const { effect, missingDaemons, withdrawals, drift } = plan;
    return toJson({ effect, missingDaemons, withdrawals, drift, changes: shown });
  }
  const missing = plan.missingDaemons.map((daemon) => `restart  ${daemon} does not run\n`);
  const lines = [...missing, ...changes.map(changeText)];
  if (plan.drift.length > 0)
    lines.push(
      `file     has lines that are not running; the next start would load them\n${formatDifferences(plan.drift)}`,
    );
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
    const isDone = plan.changes.length === 0 && plan.drift.length === 0 && plan.effect === 'hitless';
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
}

export function applyCommand(
  environment: CliEnvironment,
  path: string | undefined,
  flags: ApplyFlags,
): Promise<ExitCode> {
  return withConfig(environment, path, flags, async (config) => {
    const plan = await applyConfiguration(config, {
      ...target(flags, config.dialect),
      ...(flags.allow === undefined ? {} : { allow: flags.allow }),
      ...(flags.acceptUnknown === undefined ? {} : { acceptUnknown: flags.acceptUnknown }),
      ...(flags.restartCommand === undefined ? {} : { restartCommand: flags.restartCommand }),
    });
    environment.write(showPlan(plan, flags.json === true));
    return EXIT.ok;
  });
}
