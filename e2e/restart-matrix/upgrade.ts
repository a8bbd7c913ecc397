import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type { Host } from '@routed/lab';

const require = createRequire(import.meta.url);
const manifestPath = require.resolve('@routed/daemon/package.json');
const next = '/run/next-version';

/** Puts another version where the plugin's files are, under the plugin that runs; only this host sees it. */
export async function installNextVersion(host: Host): Promise<string> {
  const folder = dirname(manifestPath);
  const manifest = JSON.parse(await readFile(manifestPath, 'utf8')) as { readonly version: string };
  const version = `${manifest.version}-next`;
  await host.exec(['sh', '-c', `mkdir ${next} && cp -a ${folder}/dist ${next}/`]);
  await writeFile(host.outsidePath(`${next}/package.json`), JSON.stringify({ ...manifest, version }));
  for (const part of ['dist', 'package.json']) {
    await host.exec(['mount', '--bind', `${next}/${part}`, `${folder}/${part}`]);
  }
  return version;
}
