import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as afterTurn } from 'node:timers/promises';
import { z } from 'zod';
import { crc32c } from './crc32c.ts';
import { notWritten } from './guarded-writes.ts';
import { recordsOf, type StateDatabase } from './records.ts';
import { unreadable } from './unreadable.ts';

/** What a record becomes; without a value it is removed. */
export interface RecordChange {
  readonly kind: string;
  readonly key: string;
  readonly value?: object;
}

/** How long changes are collected for one write of the database. */
const COLLECT_MS = 50;

/** How many of them at most. */
const MAX_COLLECTED = 512;

/** After so much of a turn on the event loop, what else wants to run there is let in. */
const TURN_MS = 0.5;

/** How many go to the database at once: to encode one takes some 10 us of the event loop. */
const GROUP = 16;

/** Of the record that is written last; its value means nothing. */
const END_KEY = 'end';

const LINE = z.tuple([
  z.int().nonnegative(),
  z.array(z.object({ kind: z.string(), key: z.string(), value: z.looseObject({}).exactOptional() })),
]);

/**
 * Changes of records that outlive the process and need not outlive a power failure: they are appended to a file at once, on the
 * event loop, and go to the database in groups.
 *
 * An append to the page cache takes some 10 us, a write of the database ten times as long with its way to another thread and back. Two
 * files take turns: one takes what comes while the other's changes go to the database. What was left in them by a process that was
 * killed goes to the database when they are opened.
 */
export class RecentWrites {
  readonly #database: StateDatabase;
  /** The first takes what comes; the other one's changes are on their way, or it is empty. */
  #files: readonly [AppendFile, AppendFile];
  readonly #sublevels = new Map<string, ReturnType<typeof recordsOf<object>>>();
  #pending = new Map<string, RecordChange>();
  #sequence = 0;
  #turnStartedMs: number | undefined;
  #nextTurn: Promise<unknown> | undefined;
  #flushing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #hasFailed = false;

  private constructor(database: StateDatabase, files: readonly [AppendFile, AppendFile]) {
    this.#database = database;
    this.#files = files;
  }

  /**
   * Brings the database up to date with what an earlier process appended.
   *
   * @param bootId of the kernel: what a power failure left of the files is no damage
   * @throws StoreError STATE_UNREADABLE naming the file
   */
  static async open(database: StateDatabase, bootId: string): Promise<RecentWrites> {
    const paths = ['recent-a', 'recent-b'].map((name) => join(database.location, name));
    const found = paths.map((path) => readChanges(path, { bootId, directory: database.location }));
    const lines = found.flat().sort((one, other) => one.sequence - other.sequence);
    const files = paths.map((path) => new AppendFile(path, bootId)) as unknown as readonly [AppendFile, AppendFile];
    const recent = new RecentWrites(database, files);
    try {
      await recent.#apply(lines.flatMap(({ changes }) => changes));
      for (const file of files) file.empty();
      return recent;
    } catch (error) {
      for (const file of files) file.close();
      throw error;
    }
  }

  /**
   * The changes outlive the process when this returns: all of them or none.
   *
   * @param isSynced whether they outlive a power failure as well; then whatever was written before does, too
   * @throws StoreError STATE_NOT_WRITTEN
   */
  async write(changes: readonly RecordChange[], { isSynced = false } = {}): Promise<void> {
    if (isSynced) {
      await this.flush();
      await this.#database.batch(this.#operations(changes), { sync: true });
      return;
    }
    await this.#turn();
    // What could not be brought to the database once is not piled up.
    if (this.#hasFailed) await this.flush();
    try {
      this.#files[0].append(JSON.stringify([this.#sequence++, changes]));
    } catch (error) {
      throw notWritten(this.#database.location, error as Error);
    }
    for (const change of changes) this.#pending.set(`${change.kind} ${change.key}`, change);
    if (this.#pending.size >= MAX_COLLECTED) void this.flush().catch(() => undefined);
    else this.#timer ??= setTimeout(() => void this.flush().catch(() => undefined), COLLECT_MS);
  }

  /**
   * All changes up to now are in the database when this returns.
   *
   * @throws StoreError STATE_NOT_WRITTEN
   */
  async flush(): Promise<void> {
    await this.#flushing?.catch(() => undefined);
    if (this.#pending.size === 0 && !this.#hasFailed) return;
    // Several may have waited above.
    this.#flushing ??= this.#flushNow().finally(() => (this.#flushing = undefined));
    await this.#flushing;
  }

  async close(): Promise<void> {
    try {
      while (this.#pending.size > 0) await this.flush();
      // LevelDB takes a damaged record at the end of its journal for one that was never whole: so the end is one that tells nothing.
      await this.#database.put(END_KEY, this.#sequence);
      // Nobody looks for them in what is complete without them.
      for (const { path } of this.#files) await rm(path, { force: true });
    } finally {
      clearTimeout(this.#timer);
      for (const file of this.#files) file.close();
    }
  }

  /** Many who write at once, and go on at once, do not hold up the event loop together. */
  async #turn(): Promise<void> {
    this.#turnStartedMs ??= this.#startTurn();
    while (this.#turnHasLastedMs() >= TURN_MS) await this.#nextTurn;
  }

  #turnHasLastedMs(): number {
    return this.#turnStartedMs === undefined ? 0 : performance.now() - this.#turnStartedMs;
  }

  #startTurn(): number {
    this.#nextTurn = afterTurn().then(() => (this.#turnStartedMs = undefined));
    return performance.now();
  }

  async #flushNow(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const changes = this.#pending;
    this.#pending = new Map();
    // One whose changes did not come to the database keeps them; then the other one goes on taking what comes.
    if (this.#files[1].isEmpty) this.#files = [this.#files[1], this.#files[0]];
    try {
      await this.#apply([...changes.values()]);
      this.#files[1].empty();
      this.#hasFailed = false;
    } catch (error) {
      this.#pending = new Map([...changes, ...this.#pending]);
      this.#hasFailed = true;
      throw error;
    }
    if (this.#pending.size > 0) this.#timer ??= setTimeout(() => void this.flush().catch(() => undefined), COLLECT_MS);
  }

  #operations(changes: readonly RecordChange[]) {
    return changes.map(({ kind, key, value }) => {
      const sublevel = this.#sublevelOf(kind);
      return value === undefined
        ? ({ type: 'del', sublevel, key } as const)
        : ({ type: 'put', sublevel, key, value } as const);
    });
  }

  #sublevelOf(kind: string): ReturnType<typeof recordsOf<object>> {
    const known = this.#sublevels.get(kind);
    if (known !== undefined) return known;
    const sublevel = recordsOf<object>(this.#database, kind);
    this.#sublevels.set(kind, sublevel);
    return sublevel;
  }

  async #apply(changes: readonly RecordChange[]): Promise<void> {
    for (let start = 0; start < changes.length; start += GROUP) {
      const operations = this.#operations(changes.slice(start, start + GROUP));
      await this.#database.batch(operations);
    }
  }
}

/** A file of lines, each with its checksum, below the id of the boot that they are from. */
class AppendFile {
  readonly path: string;
  readonly #bootId: string;
  readonly #fd: number;
  #bytes = 0;
  /** The end of an append that failed half-way is still there. */
  #hasRest = false;

  constructor(path: string, bootId: string) {
    this.path = path;
    this.#bootId = bootId;
    this.#fd = openSync(path, 'a', 0o600);
  }

  get isEmpty(): boolean {
    return this.#bytes === 0;
  }

  /** Appends the line whole, or not at all. */
  append(json: string): void {
    if (this.#hasRest) this.#cut();
    const head = this.#bytes === 0 ? `${headOf(this.#bootId)}\n` : '';
    const bytes = Buffer.from(`${head}${lineOf(json)}\n`);
    this.#hasRest = true;
    const written = writeSync(this.#fd, bytes);
    if (written < bytes.length) {
      this.#cut();
      throw new Error('No space left on device');
    }
    this.#hasRest = false;
    this.#bytes += written;
  }

  empty(): void {
    this.#bytes = 0;
    this.#cut();
  }

  close(): void {
    closeSync(this.#fd);
  }

  #cut(): void {
    ftruncateSync(this.#fd, this.#bytes);
    this.#hasRest = false;
  }
}

interface Line {
  readonly sequence: number;
  readonly changes: readonly RecordChange[];
}

/** The end of the file may be half a line: it was promised to nobody. */
function readChanges(path: string, run: { readonly bootId: string; readonly directory: string }): Line[] {
  const [head, ...lines] = readUnlessMissing(path, run.directory).split('\n');
  // After a power failure the file is as long as it was, and may hold anything.
  const isOfThisBoot = head === headOf(run.bootId);
  const found: Line[] = [];
  for (const [index, text] of lines.entries()) {
    const isEnd = index === lines.length - 1;
    const line = readLine(text);
    if (line !== undefined) found.push(line);
    else if (!isOfThisBoot || (isEnd && isBeginning(text))) return found;
    else throw unreadable(run.directory, `${path} is damaged in line ${index + 2}`);
  }
  return found;
}

function headOf(bootId: string): string {
  return `boot ${bootId}`;
}

function lineOf(json: string): string {
  return `${checksumOf(json)} ${Buffer.byteLength(json)} ${json}`;
}

function readLine(text: string): Line | undefined {
  const json = text.slice(text.indexOf('['));
  if (text !== lineOf(json)) return undefined;
  const [sequence, changes] = LINE.parse(JSON.parse(json)) as [number, RecordChange[]];
  return { sequence, changes };
}

function isBeginning(text: string): boolean {
  const [, length, json] = /^[0-9a-f]{8} (\d+) (.*)$/s.exec(text) ?? [];
  return json === undefined || Buffer.byteLength(json) < Number(length);
}

function checksumOf(json: string): string {
  return crc32c(Buffer.from(json)).toString(16).padStart(8, '0');
}

function readUnlessMissing(path: string, directory: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return '';
    throw unreadable(directory, `${path}: ${message}`, error);
  }
}
