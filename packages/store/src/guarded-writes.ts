import { statfs } from 'node:fs/promises';
import { StoreError } from './errors.ts';
import type { StateDatabase } from './records.ts';

/** More than LevelDB needs for a new journal and what the old one holds, in bytes: its write buffer is 4 MiB. */
const NEEDED_BYTES = 8 * 1024 * 1024;

/** A key that no record has. */
const NO_KEY = '~';

type Write = (...args: unknown[]) => Promise<void>;

/**
 * Refuses writes from one that failed on, until the database has a new journal.
 *
 * LevelDB goes on writing behind a record of which a full disk has taken only a part, and says that all is well; but whatever
 * follows there is lost when the journal is read again. What it has in memory is whole: compacting writes that to a table
 * and begins a new journal.
 *
 * Source: leveldb db/db_impl.cc DBImpl::Write, DBImpl::CompactRange.
 */
export function guardWrites(database: StateDatabase): void {
  const guard = new WriteGuard(database);
  const target = database as unknown as Record<'put' | 'del' | 'batch', Write>;
  for (const method of ['put', 'del', 'batch'] as const) {
    const write = target[method].bind(database);
    // Without operations it is another call: that of a chained batch.
    target[method] = (...args) => (args.length === 0 ? write() : guard.run(() => write(...args)));
  }
}

class WriteGuard {
  readonly #database: StateDatabase;
  #isDamaged = false;
  #mending: Promise<void> | undefined;

  constructor(database: StateDatabase) {
    this.#database = database;
  }

  async run(write: () => Promise<void>): Promise<void> {
    try {
      if (this.#isDamaged) await this.#mend();
      await write();
    } catch (error) {
      this.#isDamaged = true;
      throw notWritten(this.#database.location, error as Error);
    }
  }

  async #mend(): Promise<void> {
    this.#mending ??= this.#beginJournal().finally(() => (this.#mending = undefined));
    await this.#mending;
  }

  async #beginJournal(): Promise<void> {
    const { bavail, bsize } = await statfs(this.#database.location);
    // A journal that cannot be begun is the end of the database until it is opened again.
    if (bavail * bsize < NEEDED_BYTES) throw new Error(`No space left on device, ${NEEDED_BYTES >> 20} MiB are needed`);
    await this.#database.compactRange(NO_KEY, NO_KEY);
    this.#isDamaged = false;
  }
}

/** The error for a write that failed. */
export function notWritten(directory: string, cause: Error): StoreError {
  const { message } = cause;
  // LevelDB and Node.js do not write it alike.
  const isFull = /no space left on device/i.test(message);
  return new StoreError(
    'STATE_NOT_WRITTEN',
    `state directory ${directory} cannot be written (${message}): ` +
      (isFull ? 'free space there, and repeat the command' : 'check the disk, and restart routed-plugin'),
    { cause },
  );
}
