import type { ClassicLevel } from 'classic-level';
import type { z } from 'zod';
import { asUnreadable, unreadable } from './unreadable.ts';

/** The database file set of the daemon; every write survives the death of the process. */
export type StateDatabase = ClassicLevel<string, unknown>;

/** The records of one kind in a database. */
// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- classic-level does not export the type
export function recordsOf<T>(database: StateDatabase, kind: string) {
  return database.sublevel<string, T>(kind, { valueEncoding: 'json' });
}

/** Records to read: of one kind, and with keys between two, if given. */
export interface RecordsWanted<T> {
  readonly kind: string;
  readonly shape: z.ZodType<T>;
  readonly range?: { readonly gt: string; readonly lt: string };
}

/**
 * Reads records as they were written.
 *
 * @throws StoreError STATE_UNREADABLE at the first that is damaged, or is not of its shape
 */
export async function* readRecords<T>(
  database: StateDatabase,
  { kind, shape, range = { gt: '', lt: '\uffff' } }: RecordsWanted<T>,
): AsyncGenerator<T> {
  try {
    for await (const [key, value] of recordsOf<T>(database, kind).iterator(range)) {
      const { error } = shape.safeParse(value);
      if (error !== undefined) throw misshapen(database, `${kind} ${key}`, error);
      yield value;
    }
  } catch (error) {
    throw asUnreadable(database.location, error);
  }
}

function misshapen(database: StateDatabase, name: string, { issues }: z.ZodError): Error {
  const [issue] = issues;
  const field = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
  return unreadable(database.location, `record "${name}": ${field}${issue?.message ?? 'not understood'}`);
}
