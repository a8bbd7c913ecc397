import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { markdownTable } from 'markdown-table';

/** What the program consists of, in bytes: its text by package, and its heap when a start has loaded all. */
export type ModuleSizes = Readonly<Record<string, number>>;

const path = join(import.meta.dirname, '../../modules.json');
const hook = join(import.meta.dirname, '../probe/heap-at-end.cjs');

/** The name that the heap has among the packages. */
export const HEAP = 'heap after a start';

/** How much more than recorded something may have. */
const TOLERANCE = 1.1;
/** Less is no growth: a package of a few lines may double. */
const LEAST_BYTES = 4096;

/** Those of a bundle, by the path of its main.js. */
export async function measureModules(program: string): Promise<ModuleSizes> {
  const packages = JSON.parse(await readFile(join(dirname(program), '../sizes.json'), 'utf8')) as ModuleSizes;
  const words = ['--expose-gc', '--require', hook, program, 'warm-up'];
  // Those of the benchmark are no options of the program.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ROUTED_')));
  const { stderr } = await promisify(execFile)(process.execPath, words, { env });
  const heap = /^heap (\d+)$/m.exec(stderr)?.[1];
  if (heap === undefined) throw new Error(`${program} warm-up: says nothing of its heap: ${stderr}`);
  return { ...packages, [HEAP]: Number(heap) };
}

export async function readModules(): Promise<ModuleSizes> {
  return JSON.parse(await readFile(path, 'utf8')) as ModuleSizes;
}

export async function writeModules(sizes: ModuleSizes): Promise<void> {
  const sorted = Object.entries(sizes).sort(([one], [other]) => (one < other ? -1 : 1));
  await writeFile(path, `${JSON.stringify(Object.fromEntries(sorted), undefined, 2)}\n`);
}

/** The names of what has grown by more than a tenth, and of what is new and not small. */
export function grownModules(found: ModuleSizes, recorded: ModuleSizes): readonly string[] {
  return Object.entries(found)
    .filter(([name, bytes]) => {
      const before = recorded[name] ?? 0;
      return bytes > before * TOLERANCE && bytes - before > LEAST_BYTES;
    })
    .map(([name]) => name);
}

/** The largest, and the whole. */
export function renderModules(found: ModuleSizes, recorded: ModuleSizes): string {
  const text = (bytes: number | undefined): string => (bytes === undefined ? '' : (bytes / 1024).toFixed(0));
  const rows = Object.entries(found)
    .sort(([, one], [, other]) => other - one)
    .slice(0, 16)
    .map(([name, bytes]) => [name, text(bytes), text(recorded[name])]);
  return markdownTable([['part of the program', 'KiB', 'recorded'], ...rows], { align: ['l', 'r', 'r'] });
}
