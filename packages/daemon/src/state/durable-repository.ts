import { recordsOf, type StateDatabase } from './records.ts';
import type { Repository } from './repository.ts';

/**
 * Keeps records in the database.
 *
 * @param options.isSynced whether a write also outlives a power failure: for what Docker will never say again
 */
export function durableRepository<T extends { readonly id: string }>(
  database: StateDatabase,
  kind: string,
  options: { readonly isSynced: boolean },
): Repository<T> {
  const records = recordsOf<T>(database, kind);
  return {
    load: () => records.values().all(),
    put: (value) =>
      database.batch([{ type: 'put', sublevel: records, key: value.id, value }], { sync: options.isSynced }),
    remove: (id) => database.batch([{ type: 'del', sublevel: records, key: id }], { sync: options.isSynced }),
  };
}
