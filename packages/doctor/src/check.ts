import type { Fix } from './fix/fix.ts';
import type { HostView } from './host-view.ts';

/**
 * `broken`: containers are cut off, or cannot be started. `warning`: they will be, or something is slow.
 * `note`: worth knowing; nothing is wrong.
 */
export type Severity = 'broken' | 'warning' | 'note';

/** One thing that is not as it should be. */
export interface Finding {
  readonly severity: Severity;
  /** What was found. */
  readonly found: string;
  /** Why it matters. */
  readonly why: string;
  /** What to do. */
  readonly remedy: string;
  /** What `--fix` does about it; absent where it is for the operator to decide. */
  readonly fixes?: readonly Fix[];
}

/** One question about the host. */
export interface Check {
  /** Short and stable, for scripts: `forwarding-ipv4`. */
  readonly id: string;
  readonly title: string;
  /** No finding: all is well, or the question does not arise here. */
  run(host: HostView): Promise<readonly Finding[]>;
}

/** A check in two parts. */
export interface CheckParts<Facts> {
  readonly id: string;
  readonly title: string;
  /** Reads from the host what the judgement needs. Changes nothing. */
  readonly read: (host: HostView) => Promise<Facts>;
  /** Pure. */
  readonly judge: (facts: Facts) => readonly Finding[];
}

/** Makes a check of its parts, which stay visible for tests. */
export function defineCheck<Facts>(parts: CheckParts<Facts>): Check & CheckParts<Facts> {
  return { ...parts, run: async (host) => parts.judge(await parts.read(host)) };
}
