import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '@routed/lab';

const repository = join(import.meta.dirname, '../../..');

/** A package as npm packs it. */
export interface Packed {
  /** Such as `@routed/netns`. */
  readonly name: string;
  readonly tarball: string;
  /** Paths of its files, without `package/`. */
  readonly files: readonly string[];
  readonly manifest: Manifest;
  /** The TypeScript examples of its README that are complete, in order. */
  readonly examples: readonly string[];
  /** What need not run: an example with those that continue it, and the TypeScript of each page below its `docs`. */
  readonly excerpts: readonly string[];
}

interface Manifest {
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly license: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** Packs every package that is published. */
export async function packAll(directory: string): Promise<readonly Packed[]> {
  const folders = (await readdir(join(repository, 'packages'))).map((name) => join(repository, 'packages', name));
  return await Promise.all(folders.map((folder) => pack(folder, directory)));
}

async function pack(folder: string, directory: string): Promise<Packed> {
  const argv = ['npm', 'pack', folder, '--json', '--pack-destination', directory];
  const { stdout } = await runCommand(argv, { timeoutMs: 120_000 });
  const [report] = JSON.parse(stdout) as [
    { readonly name: string; readonly filename: string; readonly files: readonly { readonly path: string }[] },
  ];
  const blocks = await examplesIn(folder, 'README.md');
  const files = report.files.map(({ path }) => path);
  const pages = await Promise.all(
    files.filter((path) => /^docs\/.*\.md$/.test(path)).map((path) => examplesIn(folder, path)),
  );
  return {
    name: report.name,
    tarball: join(directory, report.filename.replace('@', '').replace('/', '-')),
    files,
    manifest: JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest,
    examples: blocks.filter(isComplete),
    excerpts: [
      ...blocks.flatMap((block, index) => (isComplete(block) ? [] : [continued(blocks.slice(0, index + 1))])),
      ...pages.map((page) => page.join('\n')),
    ],
  };
}

function isComplete(block: string): boolean {
  return /^import |^\} from /m.test(block);
}

/** The last block and what it continues. */
function continued(blocks: readonly string[]): string {
  return blocks.slice(blocks.findLastIndex(isComplete)).join('\n');
}

async function examplesIn(folder: string, page: string): Promise<readonly string[]> {
  const text = await readFile(join(folder, page), 'utf8');
  return Array.from(text.matchAll(/^```ts\n([^]*?)^```/gm), ([, code = '']) => code);
}

/** An empty folder with the packed packages installed, and each example of a README in a file of its own. */
export async function installInto(folder: string, packages: readonly Packed[]): Promise<void> {
  await mkdir(join(folder, 'examples'), { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "type": "module", "private": true }\n');
  const tarballs = packages.map(({ tarball }) => tarball);
  // TypeScript and the types that examples use are the repository's own.
  await runCommand(
    [
      'npm',
      'install',
      '--prefix',
      folder,
      '--ignore-scripts',
      '--prefer-offline',
      '--no-audit',
      '--no-fund',
      ...tarballs,
    ],
    { timeoutMs: 200_000 },
  );
  for (const { name, examples, excerpts } of packages) {
    for (const [index, code] of [...examples, ...excerpts].entries()) {
      await writeFile(join(folder, 'examples', exampleFile(name, index)), code);
    }
  }
}

/** The file of a package's n-th example; excerpts are counted after the examples. */
export function exampleFile(name: string, index: number): string {
  return `${name.replace('@routed/', '')}-${index + 1}.ts`;
}
