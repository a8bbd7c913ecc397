import { copyFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = new URL('../../../../../', import.meta.url);
/** Where what is left out of the bundle is found. */
const BUNDLE = new URL('node_modules/.cache/routed-crash/dist/main.mjs', ROOT);

/**
 * Puts the daemon's code into one file, which starts in half the time: a run starts hundreds of them. What the preloaded module watches
 * stays outside.
 *
 * @returns the file's path
 */
export async function bundleDaemon(): Promise<string> {
  const outfile = fileURLToPath(BUNDLE);
  await build({
    entryPoints: [fileURLToPath(new URL('packages/daemon/dist/main.js', ROOT))],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: ['koffi', 'classic-level'],
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
    },
    logLevel: 'error',
  });
  // Its release is written there.
  await copyFile(new URL('packages/daemon/package.json', ROOT), new URL('../package.json', BUNDLE));
  return outfile;
}
