import { runCommand } from '../check/command.ts';
import type { SuiteOptions } from '../check/check.ts';
import type { PlanOptions } from '../plan/plan.ts';
import type { VtyDaemon } from '../render/config.ts';
import { type DaemonLines, openDaemons } from '../vty/running.ts';
import type { ReadKernel } from './router-state.ts';

export interface TargetOptions extends SuiteOptions, PlanOptions {
  /** Where the running daemons have their vty sockets, such as /run/frr. */
  readonly vtyDir: string;
  /** Where the files are, such as /etc/frr; without it a plan does not look at them. */
  readonly configDir?: string;
  /** How long a daemon may take to answer one command, in milliseconds. Default 10,000. */
  readonly answerDeadlineMs?: number;
  /** Reads the kernel's routes, where the daemons run in another network namespace. Default: `ip -j`. */
  readonly readKernel?: ReadKernel;
}

/** Longer than a daemon with 50,000 routes is busy; one that hangs is noticed all the same. */
const ANSWER_DEADLINE_MS = 10_000;

export function openTarget(
  options: TargetOptions,
  only?: readonly VtyDaemon[],
): Promise<DaemonLines & AsyncDisposable> {
  const deadlineMs = options.answerDeadlineMs ?? ANSWER_DEADLINE_MS;
  return openDaemons(options.vtyDir, { deadlineMs, idleMs: 0 }, only);
}

export function kernelOf({ readKernel = readHere }: TargetOptions): ReadKernel {
  return readKernel;
}

async function readHere(args: readonly string[]): Promise<unknown> {
  return JSON.parse((await runCommand('ip', ['-j', ...args])).stdout || '[]') as unknown;
}
