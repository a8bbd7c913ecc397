import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { z } from 'zod';
import { isStoreError } from './errors.ts';
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

/** After so many they go to the database at once. */
const MAX_COLLECTED = 512;

/** Who would add to more of them waits for the database: it is slow, and the files are to stay short. */
const MAX_WAITING = 4 * MAX_COLLECTED;

/** After so much of a turn on the event loop, what else wants to run there is let in. */
const TURN_MS = 0.5;

/** How many go to the database at once: to encode one takes some 10 us of the event loop. */
const GROUP = 16;

/** Of the record that is written last; its value means nothing. */
const END_KEY = 'end';

/** Of the boot in which the files were emptied last: whatever they hold in that boot was appended in it. */
const BOOT_KEY = 'recent boot';

const LINE = z.tuple([
  z.int().nonnegative(),
  z.array(z.object({ kind: z.string(), key: z.string(), value: z.looseObject({}).exactOptional() })),
]);

/**
 * Changes of records that outlive the process and need not outlive a power failure: they are appended to a file at once, on the
 * event loop, and go to the database in groups.
 *
 * An append to the page cache takes some 10 us, a write of the database ten times as long with its way to another thread and back. Two
 * files take turns: one takes what comes while the other's changes, which are all older, go to the database. What was left in them by
 * a process that was killed goes to the database when they are opened; what is left after a power failure does not: the
 * database may be newer than what the disk kept of a file that had been emptied.
 */
export class RecentWrites {
  readonly #database: StateDatabase;
  /** The first takes what comes; the other one's changes are on their way, or it is empty. */
  #files: readonly [AppendFile, AppendFile];
  readonly #sublevels = new Map<string, ReturnType<typeof recordsOf<object>>>();
  #sequence = 0;
  #turnStartedMs: number | undefined;
  #nextTurn: Promise<void> | undefined;
  #flushing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  private constructor(database: StateDatabase, files: readonly [AppendFile, AppendFile]) {
    this.#database = database;
    this.#files = files;
  }

  /**
   * Brings the database up to date with what an earlier process appended.
   *
   * @param bootId of the kernel: what an earlier boot left of the files is left out
   * @throws StoreError STATE_UNREADABLE naming the file, STATE_NOT_WRITTEN
   */
  static async open(database: StateDatabase, bootId: string): Promise<RecentWrites> {
    const { location: directory } = database;
    const isSameBoot = (await database.get(BOOT_KEY)) === bootId;
    const found = ['recent-a', 'recent-b'].map((name) => {
      const path = join(directory, name);
      return { path, lines: readChanges(path, { bootId, isSameBoot, directory }) };
    });
    found.sort((one, other) => (one.lines[0]?.sequence ?? 0) - (other.lines[0]?.sequence ?? 0));
    const files: AppendFile[] = [];
    try {
      for (const { path } of found) files.push(AppendFile.open(path, { bootId, directory }));
      const recent = new RecentWrites(database, files as unknown as readonly [AppendFile, AppendFile]);
      // One that is emptied too early, or after the other, would take the database back to what the other holds.
      for (const [at, { lines }] of found.entries()) {
        await recent.#apply(lines.flatMap(({ changes }) => changes));
        files[at]?.empty();
      }
      if (!isSameBoot) await noteBoot(database, bootId);
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
    while (!this.#hasTurn()) await this.#nextTurn;
    // What could not be brought to the database once is not piled up, nor what is slow to get there.
    if (this.#hasFailed() || this.#files[0].pending.size >= MAX_WAITING) await this.flush();
    try {
      this.#files[0].append(JSON.stringify([this.#sequence++, changes]), changes);
    } catch (error) {
      throw notWritten(this.#database.location, error as Error);
    }
    if (this.#files[0].pending.size >= MAX_COLLECTED) void this.flush().catch(() => undefined);
    else this.#flushSoon();
  }

  /**
   * All changes up to now are in the database when this returns.
   *
   * @throws StoreError STATE_NOT_WRITTEN
   */
  async flush(): Promise<void> {
    await this.#flushing?.catch(() => undefined);
    if (this.#areEmpty()) return;
    // Several may have waited above.
    this.#flushing ??= this.#flushNow().finally(() => (this.#flushing = undefined));
    await this.#flushing;
  }

  /** What the database cannot take, as on a full disk, the files keep for the next start. */
  async close(): Promise<void> {
    try {
      while (!this.#areEmpty()) await this.flush();
      // LevelDB takes a damaged record at the end of its journal for one that was never whole: so the end is one that tells nothing.
      await this.#database.put(END_KEY, this.#sequence);
      // Nobody looks for them in what is complete without them.
      for (const { path } of this.#files) await rm(path, { force: true });
    } catch (error) {
      if (!isStoreError(error, 'STATE_NOT_WRITTEN')) throw error;
    } finally {
      clearTimeout(this.#timer);
      for (const file of this.#files) file.close();
    }
  }

  /** Many who write at once, and go on at once, do not hold up the event loop together. */
  #hasTurn(): boolean {
    if (this.#turnStartedMs === undefined) {
      this.#turnStartedMs = performance.now();
      this.#nextTurn = new Promise((resolve) => {
        setImmediate(() => {
          this.#turnStartedMs = undefined;
          resolve();
        });
      });
      return true;
    }
    return performance.now() - this.#turnStartedMs < TURN_MS;
  }

  #areEmpty(): boolean {
    return this.#files.every(({ isEmpty }) => isEmpty);
  }

  /** Whether the older changes could not be brought to the database, and nobody tries at the moment. */
  #hasFailed(): boolean {
    return this.#flushing === undefined && !this.#files[1].isEmpty;
  }

  #flushSoon(): void {
    this.#timer ??= setTimeout(() => void this.flush().catch(() => undefined), COLLECT_MS);
  }

  async #flushNow(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    // What failed before is older.
    if (!this.#files[1].isEmpty) await this.#flushOlder();
    this.#files = [this.#files[1], this.#files[0]];
    await this.#flushOlder();
    if (!this.#files[0].isEmpty) this.#flushSoon();
  }

  /** A file keeps its changes until all of them are in the database. */
  async #flushOlder(): Promise<void> {
    const [, older] = this.#files;
    await this.#apply([...older.pending.values()]);
    try {
      older.empty();
    } catch (error) {
      throw notWritten(this.#database.location, error as Error);
    }
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

/** On a full disk it is noted by a later start: until then, a damaged first line is one of another boot. */
async function noteBoot(database: StateDatabase, bootId: string): Promise<void> {
  try {
    await database.put(BOOT_KEY, bootId);
  } catch (error) {
    if (!isStoreError(error, 'STATE_NOT_WRITTEN')) throw error;
  }
}

/** A file of lines, each with its checksum, below the id of the boot that they are from. */
class AppendFile {
  readonly path: string;
  /** What its changes make of each record. */
  readonly pending: Map<string, RecordChange> = new Map<string, RecordChange>();
  readonly #bootId: string;
  readonly #fd: number;
  #bytes = 0;
  /** The end of an append that failed half-way is still there. */
  #hasRest = false;

  private constructor(path: string, fd: number, bootId: string) {
    this.path = path;
    this.#fd = fd;
    this.#bootId = bootId;
  }

  /** @throws StoreError STATE_NOT_WRITTEN */
  static open(path: string, { bootId, directory }: Place): AppendFile {
    try {
      return new AppendFile(path, openSync(path, 'a', 0o600), bootId);
    } catch (error) {
      throw notWritten(directory, error as Error);
    }
  }

  get isEmpty(): boolean {
    return this.#bytes === 0;
  }

  /** Appends the line of these changes whole, or not at all. */
  append(json: string, changes: readonly RecordChange[]): void {
    if (this.#hasRest) this.#cut();
    const head = this.#bytes === 0 ? `${headOf(this.#bootId)}\n` : '';
    const text = `${head}${lineOf(json)}\n`;
    const length = Buffer.byteLength(text);
    this.#hasRest = true;
    const written = writeSync(this.#fd, text);
    if (written < length) {
      this.#cut();
      throw new Error('No space left on device');
    }
    this.#hasRest = false;
    this.#bytes += written;
    for (const change of changes) this.pending.set(`${change.kind} ${change.key}`, change);
  }

  /** Call when its changes are in the database. */
  empty(): void {
    ftruncateSync(this.#fd, 0);
    this.#bytes = 0;
    this.#hasRest = false;
    this.pending.clear();
  }

  close(): void {
    closeSync(this.#fd);
  }

  #cut(): void {
    ftruncateSync(this.#fd, this.#bytes);
    this.#hasRest = false;
  }
}

/** Where files are, and the boot of the kernel in which they are used. */
interface Place {
  readonly bootId: string;
  readonly directory: string;
}

interface Line {
  readonly sequence: number;
  readonly changes: readonly RecordChange[];
}

/** The end of the file may be half a line: it was promised to nobody. */
function readChanges(
  path: string,
  { bootId, isSameBoot, directory }: Place & { readonly isSameBoot: boolean },
): Line[] {
  const [head = '', ...lines] = readUnlessMissing(path, directory).split('\n');
  if (head !== headOf(bootId)) {
    const isPromised = lines.length > 0 || !headOf(bootId).startsWith(head);
    if (isSameBoot && isPromised) throw unreadable(directory, `${path} is damaged in line 1`);
    // After a power failure the file may hold anything, and what outlives one is in the database.
    return [];
  }
  const found: Line[] = [];
  for (const [index, text] of lines.entries()) {
    const line = readLine(text);
    if (line !== undefined) found.push(line);
    else if (index === lines.length - 1 && isBeginning(text)) return found;
    else throw unreadable(directory, `${path} is damaged in line ${index + 2}`);
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
  return crc32(json).toString(16).padStart(8, '0');
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
