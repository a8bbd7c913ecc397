import type { z } from 'zod';
import { readRecords, recordsOf, type StateDatabase } from './records.ts';
import type { Repository } from './repository.ts';

/** Keeps records in the database. */
export function durableRepository<T extends { readonly id: string }>(
  database: StateDatabase,
  kind: string,
  {
    shape,
    isSynced,
  }: {
    /** What a record must be when it is read. */
    readonly shape: z.ZodType<T>;
    /** Whether a write also outlives a power failure: for what Docker will never say again. */
    readonly isSynced: boolean;
  },
): Repository<T> {
  const records = recordsOf<T>(database, kind);
  return {
    load: async () => {
      const loaded: T[] = [];
      for await (const record of readRecords(database, { kind, shape })) loaded.push(record);
      return loaded;
    },
    put: (value) => database.batch([{ type: 'put', sublevel: records, key: value.id, value }], { sync: isSynced }),
    remove: (id) => database.batch([{ type: 'del', sublevel: records, key: id }], { sync: isSynced }),
  };
}
