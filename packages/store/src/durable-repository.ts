import type { z } from 'zod';
import type { RecentWrites } from './recent-writes.ts';
import { readRecords, recordsOf, type StateDatabase } from './records.ts';
import type { Repository } from './repository.ts';

/** Keeps records in the database. */
export function durableRepository<T extends { readonly id: string }>(
  database: StateDatabase,
  kind: string,
  {
    shape,
    recent,
  }: {
    /** What a record must be when it is read. */
    readonly shape: z.ZodType<T>;
    /** Takes writes that need not outlive a power failure; absent: they do, as what Docker will never say again must. */
    readonly recent?: RecentWrites;
  },
): Repository<T> {
  const records = recordsOf<T>(database, kind);
  return {
    load: async () => {
      await recent?.flush();
      const loaded: T[] = [];
      for await (const record of readRecords(database, { kind, shape })) loaded.push(record);
      return loaded;
    },
    put: (value) => {
      if (recent !== undefined) return recent.write([{ kind, key: value.id, value }]);
      return database.batch([{ type: 'put', sublevel: records, key: value.id, value }], { sync: true });
    },
    remove: (id) => {
      if (recent !== undefined) return recent.write([{ kind, key: id }]);
      return database.batch([{ type: 'del', sublevel: records, key: id }], { sync: true });
    },
  };
}
