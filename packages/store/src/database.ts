import { readdir } from 'node:fs/promises';
import { ClassicLevel } from 'classic-level';
import { StoreError } from './errors.ts';
import { checkFiles } from './check-files.ts';
import { guardWrites } from './guarded-writes.ts';
import { migrate } from './migrations.ts';
import type { StateDatabase } from './records.ts';
import { asUnreadable, unreadable } from './unreadable.ts';

const SCHEMA_KEY = 'schema';

/** The layout of the records. A change that an older daemon would misread counts it up. */
export const SCHEMA_VERSION = 2;

/**
 * Opens the database in a directory, or makes it in an empty one. Only one process at a time has it open, by a lock
 * that ends with the process.
 *
 * @throws StoreError STATE_LOCKED, STATE_UNREADABLE, STATE_NEWER
 */
export async function openDatabase(directory: string): Promise<StateDatabase> {
  await checkFiles(directory);
  // LevelDB would take a database that lost its CURRENT file for a new one, and empty it.
  const createIfMissing = !(await readdir(directory).catch(() => [])).some((name) => name.startsWith('MANIFEST-'));
  // Uncompressed, so that the checksums of all blocks can be found.
  const options = { valueEncoding: 'json', createIfMissing, compression: false } as const;
  const database: StateDatabase = new ClassicLevel(directory, options);
  try {
    await database.open();
  } catch (error) {
    throw openingFailed(directory, error);
  }
  try {
    await checkSchema(database, directory);
    guardWrites(database);
    return database;
  } catch (error) {
    await database.close();
    throw asUnreadable(directory, error);
  }
}

async function checkSchema(database: StateDatabase, directory: string): Promise<void> {
  const schema = await database.get(SCHEMA_KEY);
  if (schema === undefined) await database.put(SCHEMA_KEY, SCHEMA_VERSION, { sync: true });
  else if (typeof schema !== 'number') throw unreadable(directory, `its schema is ${JSON.stringify(schema)}`);
  else if (schema > SCHEMA_VERSION) throw newer(directory, schema);
  else if (schema < SCHEMA_VERSION) await migrate(database, schema, { key: SCHEMA_KEY, value: SCHEMA_VERSION });
}

function openingFailed(directory: string, error: unknown): StoreError {
  const cause = (error as { readonly cause?: { readonly code?: string; readonly message?: string } }).cause;
  if (cause?.code !== 'LEVEL_LOCKED') return unreadable(directory, cause?.message ?? (error as Error).message, error);
  return new StoreError(
    'STATE_LOCKED',
    `state directory ${directory} is in use by another routed-plugin: stop it, or name another with --state-dir`,
    { cause: error },
  );
}

function newer(directory: string, schema: number): StoreError {
  return new StoreError(
    'STATE_NEWER',
    `state directory ${directory} was written by a newer release (schema ${schema}, this one knows ` +
      `${SCHEMA_VERSION}): install that release, or move the directory away to start without it`,
  );
}
