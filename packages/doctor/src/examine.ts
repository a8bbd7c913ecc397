import type { Check, Finding, Severity } from './check.ts';
import type { HostView } from './host-view.ts';

/** What one check found. */
export interface CheckResult {
  readonly id: string;
  readonly title: string;
  readonly findings: readonly Finding[];
}

/** What all of it comes to. */
export type Verdict = 'fine' | 'warnings' | 'broken';

/** What the process ends with. */
export const EXIT_CODES: Readonly<Record<Verdict, number>> = { fine: 0, warnings: 1, broken: 2 };

/** Asks every check. One that cannot be carried out is a warning, and does not keep the others from it. */
export async function examine(host: HostView, checks: readonly Check[]): Promise<CheckResult[]> {
  return await Promise.all(
    checks.map(async (check) => ({
      id: check.id,
      title: check.title,
      findings: await check.run(host).catch((error: unknown) => [notDone(check, error)]),
    })),
  );
}

/** The worst of what was found; notes are no reason to worry. */
export function verdictOf(results: readonly CheckResult[]): Verdict {
  const severities = new Set<Severity>(results.flatMap(({ findings }) => findings.map(({ severity }) => severity)));
  if (severities.has('broken')) return 'broken';
  return severities.has('warning') ? 'warnings' : 'fine';
}

function notDone({ title }: Check, error: unknown): Finding {
  return {
    severity: 'warning',
    found: `could not check whether ${title}: ${error instanceof Error ? error.message : String(error)}`,
    why: 'something this check needs is missing or does not answer',
    remedy: 'fix the named problem, and run doctor again',
  };
}
