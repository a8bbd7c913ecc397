import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where results are written. */
export const resultsDirectory: string = join(import.meta.dirname, '../../../bench-results');

/** Writes JSON into the folder of results, which git ignores, and returns the path. */
export async function saveResult(name: string, content: unknown): Promise<string> {
  await mkdir(resultsDirectory, { recursive: true });
  const path = join(resultsDirectory, name);
  await writeFile(path, `${JSON.stringify(content, undefined, 2)}\n`);
  return path;
}
