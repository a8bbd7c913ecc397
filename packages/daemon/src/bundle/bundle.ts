import { open, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { RoutedError } from '../ground/routed-error.ts';
import { redact } from './redact.ts';
import type { Source } from './sources.ts';
import { tarOf, type TarFile } from './tar.ts';

/** What became of a source. */
export interface BundledFile {
  readonly name: string;
  /** Absent: there was nothing to be had. */
  readonly bytes?: number;
  /** So many bytes did not fit. */
  readonly cutBytes?: number;
  /** Why there was nothing to be had. */
  readonly missing?: string;
}

/** What was written. */
export interface Bundle {
  readonly file: string;
  readonly bytes: number;
  readonly files: readonly BundledFile[];
}

/** Of each file, and for each source. The end of a long text is kept: what came last is asked for first. */
export const BUNDLE_LIMITS = { fileBytes: 4 * 1024 * 1024, timeoutMs: 45_000 } as const;
const compressed = promisify(gzip);
/** Sources that are read at once: most wait for others. */
const AT_ONCE = 4;

/**
 * Writes what support needs to one file, without secrets. What is not there is left out, and named.
 *
 * @param output absent: named after the host and the time, in the current folder
 * @throws RoutedError OUTPUT_UNUSABLE
 */
export async function writeBundle(output: string | undefined, sources: readonly Source[]): Promise<Bundle> {
  const now = new Date();
  const stem = `routed-bundle-${hostname()
    .replaceAll(/[^\w.-]/g, '_')
    .slice(0, 32)}-${now.toISOString().replaceAll(/[-:]|\.\d+/g, '')}`;
  const file = output ?? `${stem}.tar.gz`;
  const target = await open(file, 'wx', 0o600).catch((error: unknown) => {
    throw unusable(file, error as NodeJS.ErrnoException);
  });
  try {
    const { contents, files } = await collect(sources);
    const named = contents.map((entry) => ({ ...entry, name: `${stem}/${entry.name}` }));
    const archive = await compressed(tarOf(named, Math.floor(now.getTime() / 1000)));
    await target.writeFile(archive);
    return { file, bytes: archive.length, files };
  } catch (error) {
    await unlink(file);
    throw error;
  } finally {
    await target.close();
  }
}

function unusable(file: string, cause: NodeJS.ErrnoException): RoutedError {
  const remedy = cause.code === 'EEXIST' ? 'remove it, or name another file' : 'name a file in a folder that is there';
  const text = `--output ${file} cannot be written (${cause.code ?? cause.message}): ${remedy}`;
  return new RoutedError('OUTPUT_UNUSABLE', text, { cause });
}

/** Reads all sources, and takes secrets out of what they say. The last file lists all of them. */
export async function collect(
  sources: readonly Source[],
): Promise<{ readonly contents: readonly TarFile[]; readonly files: readonly BundledFile[] }> {
  const contents = new Map<string, Buffer>();
  const files = new Map<string, BundledFile>();
  const waiting = [...sources];
  const worker = async (): Promise<void> => {
    for (let source = waiting.shift(); source !== undefined; source = waiting.shift()) {
      const { name } = source;
      try {
        const text = Buffer.from(redact(await withinTime(source)));
        const content = text.subarray(Math.max(0, text.length - BUNDLE_LIMITS.fileBytes));
        const cutBytes = text.length - content.length;
        contents.set(name, content);
        files.set(name, { name, bytes: content.length, ...(cutBytes > 0 && { cutBytes }) });
      } catch (error) {
        files.set(name, { name, missing: redact((error as Error).message) });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const listed = sources.flatMap(({ name }) => files.get(name) ?? []);
  const list: TarFile = { name: 'files.json', content: Buffer.from(JSON.stringify(listed, null, 1)) };
  const ordered = sources.flatMap(({ name }) => {
    const content = contents.get(name);
    return content === undefined ? [] : [{ name, content }];
  });
  return { contents: [...ordered, list], files: listed };
}

async function withinTime({ read }: Source): Promise<string> {
  const isRead = new AbortController();
  const over = sleep(BUNDLE_LIMITS.timeoutMs, undefined, { signal: isRead.signal }).then(() => {
    throw new Error(`no answer within ${BUNDLE_LIMITS.timeoutMs / 1000} s`);
  });
  // Of the one that comes second nobody hears.
  over.catch(() => undefined);
  try {
    return await Promise.race([read(), over]);
  } finally {
    isRead.abort();
  }
}
