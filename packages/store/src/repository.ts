/**
 * Where records of one kind are kept, by id.
 *
 * A record is there for every later {@link Repository.load} once the promise of `put` is fulfilled, and gone once
 * that of `remove` is. Both may be repeated.
 */
export interface Repository<T extends { readonly id: string }> {
  load(): Promise<readonly T[]>;
  put(record: T): Promise<void>;
  remove(id: string): Promise<void>;
}

/** Keeps records in memory: they live as long as the process. */
export function memoryRepository<T extends { readonly id: string }>(): Repository<T> {
  const records = new Map<string, T>();
  return {
    load: () => Promise.resolve([...records.values()]),
    put: (record) => {
      records.set(record.id, record);
      return Promise.resolve();
    },
    remove: (id) => {
      records.delete(id);
      return Promise.resolve();
    },
  };
}
