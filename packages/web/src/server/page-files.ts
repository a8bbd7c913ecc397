import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A file of the page. */
export interface PageFile {
  readonly type: string;
  readonly body: Buffer;
  /** Changes with the content. */
  readonly tag: string;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Reads all files of the page, by name: `index.html`, `style.css`, `client/main.js`. */
export async function readPageFiles(folders: PageFolders = pageFolders()): Promise<ReadonlyMap<string, PageFile>> {
  const parts = await Promise.all([filesIn(folders.page, ''), filesIn(folders.client, 'client/')]);
  return new Map(parts.flat());
}

/** Where the page lies. */
export interface PageFolders {
  /** What is written by hand. */
  readonly page: string;
  /** The scripts, as the compiler or the bundler made them. */
  readonly client: string;
}

/** In a checkout and in the npm package this is dist/server, and in the bundle of a Debian package the folder of everything. */
function pageFolders(): PageFolders {
  const here = fileURLToPath(new URL('.', import.meta.url));
  return here.endsWith('/server/')
    ? { page: join(here, '../../page'), client: join(here, '../../dist/client') }
    : { page: join(here, 'page'), client: join(here, 'page/client') };
}

async function filesIn(folder: string, prefix: string): Promise<[string, PageFile][]> {
  const names = (await readdir(folder)).filter((name) => extname(name) in TYPES);
  return await Promise.all(
    names.map(async (name): Promise<[string, PageFile]> => {
      const body = await readFile(join(folder, name));
      const tag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
      return [`${prefix}${name}`, { type: TYPES[extname(name)] ?? '', body, tag }];
    }),
  );
}
