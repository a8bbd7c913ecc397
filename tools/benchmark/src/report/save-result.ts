import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const directory = join(import.meta.dirname, '../../../bench-results');

/** Writes JSON into the folder of results, which git ignores, and returns the path. */
export async function saveResult(name: string, content: unknown): Promise<string> {
  await mkdir(directory, { recursive: true });
  const path = join(directory, name);
  await writeFile(path, `${JSON.stringify(content, undefined, 2)}\n`);
  return path;
}
