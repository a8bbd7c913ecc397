import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fillDocument } from '../report/document.ts';
import { resultsDirectory } from '../report/save-result.ts';
import type { Report } from '../report/table.ts';

const path = join(import.meta.dirname, '../../../../docs/reference/performance.md');

/** Writes the figures of these result files, or of the last one, into docs/reference/performance.md. */
export async function document(files: readonly string[]): Promise<void> {
  const chosen = files.length > 0 ? files : [await lastResult()];
  const reports = await Promise.all(chosen.map(async (file) => JSON.parse(await readFile(file, 'utf8')) as Report));
  await writeFile(path, fillDocument(await readFile(path, 'utf8'), reports));
  console.log(`docs/reference/performance.md has the figures of ${chosen.join(', ')}`);
}

async function lastResult(): Promise<string> {
  const runs = (await readdir(resultsDirectory)).filter((name) => /^\d{4}-.*\.json$/.test(name)).sort();
  const last = runs.at(-1);
  if (last === undefined) throw new Error(`there is no result in ${resultsDirectory}: run tools/bench first`);
  return join(resultsDirectory, last);
}
