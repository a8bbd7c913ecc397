import { chmod, mkdir, readdir, readFile, rename, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Something that a disk, a backup or a hand does to a state directory. */
export interface Damage {
  readonly what: string;
  /** @returns false when there is no such file there */
  do(directory: string): Promise<boolean>;
  /** It may look like a power failure in the middle of a write, whose record was promised to nobody. */
  readonly isLikePowerFailure: boolean;
}

const FILES: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['journal', /\.log$/],
  ['table', /\.ldb$/],
  ['manifest', /^MANIFEST-/],
  ['CURRENT', /^CURRENT$/],
];

/** Numbers from 0 up to 1, the same for the same seed. Source: Tommy Ettinger, "mulberry32". */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Change = (path: string, next: () => number) => Promise<void>;

async function edit(path: string, change: (bytes: Buffer) => Buffer): Promise<void> {
  await writeFile(path, change(await readFile(path)));
}

const CHANGES: readonly (readonly [name: string, change: Change])[] = [
  [
    'with one bit changed',
    (path, next) =>
      edit(path, (bytes) => {
        const at = Math.floor(next() * bytes.length);
        bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(next() * 8));
        return bytes;
      }),
  ],
  [
    'with a part zeroed',
    (path, next) =>
      edit(path, (bytes) => {
        const at = Math.floor(next() * bytes.length);
        bytes.subarray(at, at + 1 + Math.floor(next() * 64)).fill(0);
        return bytes;
      }),
  ],
  [
    'with a part doubled',
    (path, next) =>
      edit(path, (bytes) => {
        const at = Math.floor(next() * bytes.length);
        return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at >> 1)]);
      }),
  ],
  [
    'with a part cut out',
    (path, next) =>
      edit(path, (bytes) => {
        const at = Math.floor(next() * bytes.length);
        return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + Math.floor(next() * 64))]);
      }),
  ],
  ['cut short', async (path, next) => truncate(path, Math.floor(next() * (await stat(path)).size))],
  ['with something behind it', (path, next) => edit(path, (bytes) => Buffer.concat([bytes, noise(64, next)]))],
  ['full of noise', (path, next) => edit(path, (bytes) => noise(bytes.length, next))],
  ['empty', (path) => writeFile(path, '')],
  ['gone', (path) => rm(path)],
  [
    'a directory',
    async (path) => {
      await rm(path);
      await mkdir(path);
    },
  ],
  [
    'a link to /dev/null',
    async (path) => {
      await rm(path);
      await symlink('/dev/null', path);
    },
  ],
  ['under another number', (path) => rename(path, path.replace(/(\d{6})/, '999999').replace(/CURRENT$/, 'CURRENTLY'))],
  ['readable by nobody', (path) => chmod(path, 0)],
];

function noise(length: number, next: () => number): Buffer {
  return Buffer.from(Array.from({ length }, () => Math.floor(next() * 256)));
}

/** Every change of every file, time and again, until there are `total`. */
export function damages(total: number, seed: number): Damage[] {
  const next = random(seed);
  const kinds = FILES.flatMap((file) => CHANGES.map((change) => ({ file, change })));
  // A stride that visits them all, and files in turn.
  return Array.from({ length: total }, (_, index) => {
    const { file, change } = kinds[(index * 17) % kinds.length]!;
    const [[fileName, pattern], [changeName, work]] = [file, change];
    return {
      what: `${fileName} ${changeName} (${index})`,
      isLikePowerFailure: fileName === 'journal',
      do: async (directory) => {
        const found = (await readdir(directory)).find((entry) => pattern.test(entry));
        if (found === undefined) return false;
        await work(join(directory, found), next);
        return true;
      },
    };
  });
}
