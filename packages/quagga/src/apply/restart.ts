import { runCommand } from '../check/command.ts';
import { messageOf } from '../errors.ts';
import type { PlanOptions } from '../plan/plan.ts';
import type { DaemonName, VtyDaemon } from '../render/config.ts';
import { type RunningConfig, readRunning } from '../vty/running.ts';
import { describeChange, whatDiffers } from './execute.ts';
import { type TargetOptions, openTarget } from './target.ts';

export interface RestartOptions extends TargetOptions {
  /** How long the daemons may take to come back, in milliseconds. Default 30,000. */
  readonly restartDeadlineMs?: number;
}

/** What has to run after a restart. */
export interface AfterRestart {
  readonly daemons: readonly (DaemonName | VtyDaemon)[];
  /** Undefined: Quagga, or not to be compared. */
  readonly config?: RunningConfig | undefined;
  readonly plan?: PlanOptions;
}

const DEADLINE_MS = 30_000;

/** Runs the command, without a shell, and waits for the daemons. Returns what is wrong then, or nothing. */
export async function restart(
  command: string,
  wanted: AfterRestart,
  options: RestartOptions,
): Promise<string | undefined> {
  const [program = '', ...args] = command.trim().split(/\s+/);
  const result = await runCommand(program, args).catch((error: unknown) => ({ status: 127, stderr: String(error) }));
  if (result.status !== 0) return `the restart command failed with status ${result.status}: ${result.stderr.trim()}`;
  const deadline = performance.now() + (options.restartDeadlineMs ?? DEADLINE_MS);
  let complaint = await whatIsWrong(wanted, options);
  while (complaint !== undefined && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    complaint = await whatIsWrong(wanted, options);
  }
  return complaint;
}

async function whatIsWrong(
  { daemons, config, plan = {} }: AfterRestart,
  options: RestartOptions,
): Promise<string | undefined> {
  try {
    await using lines = await openTarget(options);
    const missing = daemons.filter((daemon) => !lines.has(daemon));
    if (missing.length > 0) return `not running after the restart: ${missing.join(', ')}`;
    const left = config === undefined ? [] : whatDiffers(await readRunning(lines), config, plan);
    return left.length === 0 ? undefined : `different after the restart:\n${left.map(describeChange).join('\n')}`;
  } catch (error) {
    // A daemon that dies while it is asked.
    return messageOf(error);
  }
}
