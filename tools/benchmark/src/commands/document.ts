import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writePages } from '../report/pages.ts';
import { resultsDirectory } from '../report/save-result.ts';
import { mergeReports, readStoredResults, writeStoredResults } from '../report/stored-results.ts';
import type { Report } from '../report/table.ts';

/** What to write the pages from: result files, the last run's if none is named, or only what is stored already. */
export interface DocumentOptions {
  readonly stored: boolean;
}

/** Stores the results of these files with those of other scenarios, and writes the pages and the chart from them. */
export async function document(files: readonly string[], { stored }: DocumentOptions): Promise<void> {
  const before = await readStoredResults();
  const chosen = stored ? [] : files.length > 0 ? files : [await lastResult()];
  const later = await Promise.all(chosen.map(async (file) => JSON.parse(await readFile(file, 'utf8')) as Report));
  const reports = mergeReports(before, later);
  if (later.length > 0) await writeStoredResults(reports);
  for (const page of await writePages(await readStoredResults())) console.log(`written: ${page}`);
}

async function lastResult(): Promise<string> {
  const runs = (await readdir(resultsDirectory)).filter((name) => /^\d{4}-.*\.json$/.test(name)).sort();
  const last = runs.at(-1);
  if (last === undefined) throw new Error(`there is no result in ${resultsDirectory}: run tools/bench first`);
  return join(resultsDirectory, last);
}
