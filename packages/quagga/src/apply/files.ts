import { chown, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { RenderedFile } from '../render/config.ts';

/** A configuration file as it was found; `text` is absent when there was none. */
export interface FoundFile {
  readonly path: string;
  readonly text?: string;
  readonly mode?: number;
  readonly owner?: { readonly uid: number; readonly gid: number };
}

export async function findFile(path: string): Promise<FoundFile> {
  const found = await stat(path).catch((error: unknown) => absentFile(error));
  if (found === undefined) return { path };
  const text = await readFile(path, 'utf8');
  return { path, text, mode: found.mode & 0o777, owner: { uid: found.uid, gid: found.gid } };
}

function absentFile(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}

/** What is added to the name of the copy that `apply` leaves of a file it replaces. */
const BACKUP_SUFFIX = '.before-quagga-config';

/** Files as they are, to be replaced by `files`. */
export function findFiles(dir: string, files: readonly RenderedFile[]): Promise<FoundFile[]> {
  return Promise.all(files.map((file) => findFile(join(dir, file.name))));
}

/** Replaces a file whole or not at all; a file with secrets is never readable for others, not even while it is written. */
export async function replaceFile(
  path: string,
  text: string,
  mode: number,
  owner?: { uid: number; gid: number },
): Promise<void> {
  const next = `${path}.quagga-config-new`;
  await rm(next, { force: true });
  const handle = await open(next, 'wx', mode);
  try {
    await handle.writeFile(text);
    await handle.chmod(mode);
    await handle.sync();
  } finally {
    await handle.close();
  }
  if (owner !== undefined) await chown(next, owner.uid, owner.gid);
  await rename(next, path);
}

/** Replaces all of the files, leaving a copy of each that was there; {@link restoreFiles} undoes it. */
export async function replaceFiles(
  dir: string,
  files: readonly RenderedFile[],
  found: readonly FoundFile[],
): Promise<void> {
  const folder = await stat(dir);
  for (const file of files) {
    const path = join(dir, file.name);
    const before = foundAt(path, found);
    const owner = before.owner ?? { uid: folder.uid, gid: folder.gid };
    if (before.text !== undefined)
      await replaceFile(`${path}${BACKUP_SUFFIX}`, before.text, before.mode ?? file.mode, owner);
    await replaceFile(path, file.text, file.mode, owner);
  }
}

/** Puts back those of the files that {@link replaceFiles} has replaced; what somebody edited since stays. */
export async function restoreFiles(
  dir: string,
  files: readonly RenderedFile[],
  found: readonly FoundFile[],
): Promise<void> {
  for (const file of files) {
    const path = join(dir, file.name);
    const { text } = await findFile(path);
    if (text === file.text) await restoreFile(foundAt(path, found));
  }
}

function foundAt(path: string, found: readonly FoundFile[]): FoundFile {
  return found.find((one) => one.path === path) ?? { path };
}

async function restoreFile(before: FoundFile): Promise<void> {
  if (before.text === undefined || before.owner === undefined) await rm(before.path, { force: true });
  else await replaceFile(before.path, before.text, before.mode ?? 0o640, before.owner);
}

/** Writes files into a folder of the caller, which is made when it is missing. */
export async function writeFiles(dir: string, files: readonly RenderedFile[]): Promise<void> {
  await mkdir(dir, { recursive: true });
  for (const file of files) await replaceFile(join(dir, file.name), file.text, file.mode);
}

/** FRR’s daemons file with our settings in it; everything else in it stays. */
export function mergeDaemonsFile(found: string | undefined, rendered: string): string {
  if (found === undefined) return rendered;
  const keyOf = (line: string): string | undefined => /^(\w+)=/.exec(line)?.[1];
  const folded = (line: string): string => line.replace(/"\s+/g, '"').replace(/\s+/g, ' ').trim();
  const own = new Map(
    rendered
      .split('\n')
      .flatMap((line): [string, string][] => (keyOf(line) === undefined ? [] : [[keyOf(line) ?? '', line]])),
  );
  const kept = found.split('\n').map((line) => {
    const wanted = own.get(keyOf(line) ?? '');
    own.delete(keyOf(line) ?? '');
    return wanted === undefined || folded(wanted) === folded(line) ? line : wanted;
  });
  const text = kept.join('\n').replace(/\n*$/, '\n');
  return own.size === 0 ? text : `${text}${[...own.values()].join('\n')}\n`;
}

/** The daemons that FRR's start script does not start, by the text of its `daemons` file. */
export function daemonsSwitchedOff(text: string): readonly string[] {
  return [...text.matchAll(/^(\w+)=no$/gm)].map(([, daemon = '']) => daemon);
}
