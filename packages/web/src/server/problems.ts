import type { CheckResult } from '@routed/doctor';
import type { DriverReport } from '@routed/driver';
import type { Problem } from '../shape/overview.ts';

const ORDER = { broken: 0, warning: 1, note: 2 } as const;

/** What doctor found and what the daemon says of itself, the worst first. Pure. */
export function problemsOf(
  { problems, notes }: Pick<DriverReport, 'problems' | 'notes'>,
  checks: readonly CheckResult[],
): Problem[] {
  const found = checks.flatMap(({ id, findings }) =>
    findings.map(({ severity, found: text, why, remedy }) => ({ severity, check: id, found: text, why, remedy })),
  );
  const own = [
    ...problems.map((text) => ({ severity: 'warning', found: text }) as const),
    ...notes.map((text) => ({ severity: 'note', found: text }) as const),
  ];
  return [...own, ...found].sort((one, other) => ORDER[one.severity] - ORDER[other.severity]);
}
