import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Report } from './table.ts';

/** The results that the pages and the chart show: the newest of each scenario. */
export const storedResultsPath: string = join(import.meta.dirname, '../../../../docs/reference/performance.json');

/** Digits that are kept of a figure: more than the pages show, and no more than was measured. */
const DIGITS = 6;

/**
 * The stored reports with later ones added. A scenario stays only in the last report that has it, and a report without
 * any scenario left goes: each report keeps the machine and the effort of what it still has.
 */
export function mergeReports(stored: readonly Report[], later: readonly Report[]): Report[] {
  const reports = [...stored, ...later];
  const isSuperseded = (scenario: string, index: number): boolean =>
    reports.slice(index + 1).some(({ results }) => results.some((result) => result.scenario === scenario));
  return reports
    .map((report, index) => ({
      ...report,
      results: report.results.filter(({ scenario }) => !isSuperseded(scenario, index)),
    }))
    .filter(({ results }) => results.length > 0);
}

export async function readStoredResults(): Promise<Report[]> {
  return JSON.parse(await readFile(storedResultsPath, 'utf8')) as Report[];
}

export async function writeStoredResults(reports: readonly Report[]): Promise<void> {
  const round = (_: string, value: unknown): unknown =>
    typeof value === 'number' ? Number(value.toPrecision(DIGITS)) : value;
  await writeFile(storedResultsPath, `${JSON.stringify(reports, round, 2)}\n`);
}
