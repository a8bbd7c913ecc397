import type { z } from 'zod';
import type { RecentWrites } from './recent-writes.ts';
import { readRecords, type StateDatabase } from './records.ts';
import type { Repository } from './repository.ts';

/** Keeps records in the database. */
export function durableRepository<T extends { readonly id: string }>(
  database: StateDatabase,
  kind: string,
  {
    shape,
    recent,
    isSynced,
  }: {
    /** What a record must be when it is read. */
    readonly shape: z.ZodType<T>;
    /** Writes them. */
    readonly recent: RecentWrites;
    /** Whether a write also outlives a power failure: for what Docker will never say again. */
    readonly isSynced: boolean;
  },
): Repository<T> {
  return {
    load: async () => {
      await recent.flush();
      const loaded: T[] = [];
      for await (const record of readRecords(database, { kind, shape })) loaded.push(record);
      return loaded;
    },
    put: (value) => recent.write([{ kind, key: value.id, value }], { isSynced }),
    remove: (id) => recent.write([{ kind, key: id }], { isSynced }),
  };
}
