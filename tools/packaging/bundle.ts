// Writes both programs with all they need to one folder: main.js and quagga-config.js with their source maps, the native
// modules, the page in page/, and the licences of what was put together.
//
// node --import=tsx tools/packaging/bundle.ts DIRECTORY
import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { build, type Plugin } from 'esbuild';

const repository = join(import.meta.dirname, '../..');
const store = createRequire(join(repository, 'packages/store/package.json'));
const netns = createRequire(join(repository, 'packages/netns/package.json'));
const platform = `${process.platform}-${process.arch}`;

/** Prebuilt binaries for glibc, which every Debian has. */
const classicLevel = join(dirname(store.resolve('classic-level')), `prebuilds/${platform}/classic-level.node`);
const koffi = join(
  dirname(createRequire(netns.resolve('koffi')).resolve(`@koromix/koffi-${platform}`)),
  `${platform.replace('-', '_')}/koffi.node`,
);

/** Both packages look for their binary in the folders of an installation: here it lies beside main.js. */
const nativeModules: Plugin = {
  name: 'native modules',
  setup(esbuild) {
    esbuild.onLoad({ filter: /\/classic-level\/binding\.js$/ }, () => ({
      contents: `module.exports = require(${JSON.stringify(classicLevel)})`,
    }));
    esbuild.onLoad({ filter: /\/koffi\/src\/koffi\/src\/static\.js$/ }, () => ({
      contents: `export const loadStatic = () => require(${JSON.stringify(koffi)})`,
    }));
  },
};

/** esbuild follows `require` only under this name; and the bundle is run by its path, so it has no interpreter line. */
const ownModules: Plugin = {
  name: 'own modules',
  setup(esbuild) {
    esbuild.onLoad({ filter: /\/packages\/[^/]+\/dist\/.*\.js$/ }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8'))
        .replaceAll('createRequire(import.meta.url)(', 'require(')
        .replace(/^#!.*/, ''),
    }));
  },
};

/** zod's error texts in all languages would be a quarter of the code and 13 MB of memory; the daemon has its own. */
const englishOnly: Plugin = {
  name: 'English only',
  setup(esbuild) {
    esbuild.onLoad({ filter: /\/zod\/v4\/locales\/index\.js$/ }, () => ({
      contents: `export { default as en } from './en.js'`,
    }));
  },
};

/** The texts under which the bundled packages may be passed on, of each package once. */
async function licences(inputs: readonly string[]): Promise<string> {
  const folders = new Set(inputs.flatMap((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input) ?? []));
  const texts = Array.from(folders, async (folder) => {
    const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest;
    // LevelDB and snappy are inside of classic-level.
    const files = (await readdir(folder, { recursive: true })).filter((file) =>
      /^(deps\/.*\/)?(licen[cs]e|copying)[^/]*$/i.test(file),
    );
    const contents = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
    const text = contents.length === 0 ? `Licence: ${license}` : contents.join('\n');
    return `${name} ${version}\n\n${text.trim()}\n`;
  });
  return (await Promise.all(texts)).sort().join(`\n${'-'.repeat(80)}\n\n`);
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
}

const [directory] = process.argv.slice(2);
if (directory === undefined) throw new Error('usage: bundle.ts DIRECTORY');
process.chdir(repository);
const { metafile } = await build({
  entryPoints: { main: 'packages/daemon/dist/main.js', 'quagga-config': 'packages/quagga/dist/main.js' },
  outdir: directory,
  bundle: true,
  // What is imported where it is needed is in a file of its own: a command does not read the daemon.
  splitting: true,
  chunkNames: '[name]-[hash]',
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  // CommonJS modules require Node's own ones by name.
  banner: {
    js: `import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);`,
  },
  loader: { '.node': 'copy' },
  assetNames: '[name]',
  plugins: [nativeModules, ownModules, englishOnly],
  // Names stay, so that a stack trace says something without the map.
  minifySyntax: true,
  minifyWhitespace: true,
  sourcemap: 'linked',
  sourcesContent: false,
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
});
// The page in a browser: one script, which only this host's daemon serves.
await build({
  entryPoints: ['packages/web/dist/client/main.js'],
  outfile: join(directory, 'page/client/main.js'),
  bundle: true,
  target: 'es2022',
  format: 'esm',
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
});
await cp('packages/web/page', join(directory, 'page'), { recursive: true });
await writeFile(join(directory, 'third-party-licences.txt'), await licences(Object.keys(metafile.inputs)));
