import type { ClassicLevel } from 'classic-level';

/** The database file set of the daemon; every write survives the death of the process. */
export type StateDatabase = ClassicLevel<string, unknown>;

/** The records of one kind in a database. */
// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- classic-level does not export the type
export function recordsOf<T>(database: StateDatabase, kind: string) {
  return database.sublevel<string, T>(kind, { valueEncoding: 'json' });
}
