import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findJournalDamage } from './log-check.ts';
import { findTableDamage } from './table-check.ts';
import { unreadable } from './unreadable.ts';

/** The manifest of a database whose making was interrupted: there never was anything in it. */
const FIRST_MANIFEST = 'MANIFEST-000001';

/**
 * Refuses a database that LevelDB would open although records are lost: it leaves out what follows a damaged part of
 * its journal, and reads tables without looking at their checksums.
 *
 * @throws StoreError STATE_UNREADABLE naming the file
 */
export async function checkFiles(directory: string): Promise<void> {
  const names = await readdir(directory).catch(() => []);
  const manifests = names.filter((name) => name.startsWith('MANIFEST-') && name !== FIRST_MANIFEST);
  if (manifests.length > 0 && !names.some((name) => name.endsWith('.log'))) {
    throw unreadable(directory, 'its journal, a file *.log, is missing');
  }
  for (const name of names) {
    const find = name.endsWith('.log') ? findJournalDamage : name.endsWith('.ldb') ? findTableDamage : undefined;
    // A running daemon deletes files of its own meanwhile; that there is one, shows when the database is opened.
    const bytes = find === undefined ? undefined : await readUnlessGone(directory, name);
    const offset = bytes === undefined ? undefined : find?.(bytes);
    if (offset !== undefined) throw unreadable(directory, `${name} is damaged at byte ${offset}`);
  }
}

async function readUnlessGone(directory: string, name: string): Promise<Buffer | undefined> {
  try {
    return await readFile(join(directory, name));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw unreadable(directory, `${name}: ${message}`, error);
  }
}
