// Writes both programs with all they need to one folder: main.js with main.cjs, and quagga-config.js with quagga-config.cjs,
// their source maps, the native modules, the page in page/, and the licences of what was put together.
//
// node --import=tsx tools/packaging/bundle.ts DIRECTORY
import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type BuildOptions, type Metafile, type Plugin } from 'esbuild';
import { nativeModules } from './native-modules.ts';

const repository = join(import.meta.dirname, '../..');
const { classicLevel, koffi } = nativeModules();

/** Both packages look for their binary in the folders of an installation: here it lies beside main.js. */
const nativeModulesBeside: Plugin = {
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
        // As a namespace, of which what nobody uses is left out.
        .replace("import { z } from 'zod'", "import * as z from 'zod'")
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

/** The types that the daemon's answers have. A table of all types of the world would take 2 MB, three times over. */
const TYPES = [
  'application/json',
  'text/plain',
  'text/html',
  'text/css',
  'text/javascript',
  'application/octet-stream',
];

/** What packages bring along for others, with the modules of Node.js that it loads, and what stands in its place. */
const UNUSED: readonly (readonly [RegExp, string])[] = [
  // raw-body decodes texts with it when it is told an encoding: nobody of ours does.
  [
    /\/iconv-lite\/lib\/index\.js$/,
    `exports.getDecoder = (encoding) => { throw new Error('Encoding not recognized: ' + encoding) }`,
  ],
  // koa makes the cookies of whoever asks for them.
  [/\/cookies\/index\.js$/, `module.exports = undefined`],
  // prom-client asks it for the trace that a measurement is part of.
  [
    /\/@opentelemetry\/api\/build\/\w+\/index\.js$/,
    `exports.trace = { getActiveSpan: () => undefined }; exports.isSpanContextValid = () => false`,
  ],
  // HTTPS and zlib; several processes as one; the delays of the event loop.
  [/\/prom-client\/lib\/(pushgateway|cluster|defaultMetrics)\.js$/, `module.exports = undefined`],
  // pino's threads: what is pretty is made in the daemon's own.
  [/\/thread-stream\/index\.js$/, `module.exports = undefined`],
];

const nothingUnused: Plugin = {
  name: 'nothing unused',
  setup(esbuild) {
    esbuild.onLoad({ filter: /\/mime-db\/db\.json$/ }, async ({ path }) => {
      const all = JSON.parse(await readFile(path, 'utf8')) as Readonly<Record<string, unknown>>;
      return { loader: 'json', contents: JSON.stringify(Object.fromEntries(TYPES.map((type) => [type, all[type]]))) };
    });
    for (const [filter, contents] of UNUSED) esbuild.onLoad({ filter }, () => ({ contents }));
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

/** Bytes of the program's text by package; our own are named as such. */
function sizesOf({ outputs }: Metafile): Readonly<Record<string, number>> {
  const sizes = new Map<string, number>();
  for (const { inputs } of Object.values(outputs)) {
    for (const [input, { bytesInOutput }] of Object.entries(inputs)) {
      if (input.endsWith('.node')) continue;
      const [, foreign] = /^.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input) ?? [];
      const name = foreign ?? input.replace(/^packages\/([^/]+)\/.*$/, '@routed/$1');
      sizes.set(name, (sizes.get(name) ?? 0) + bytesInOutput);
    }
  }
  return Object.fromEntries(sizes);
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
}

const [directory = ''] = process.argv.slice(2);
if (directory === '') throw new Error('usage: bundle.ts DIRECTORY');
process.chdir(repository);
const common: BuildOptions & { metafile: true } = {
  outdir: directory,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  loader: { '.node': 'copy' },
  assetNames: '[name]',
  plugins: [nativeModulesBeside, ownModules, englishOnly, nothingUnused],
  // Who wants to read a stack trace has Node.js read the map: --enable-source-maps. The launcher knows it.
  minify: true,
  sourcemap: 'linked',
  sourcesContent: false,
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
};

/** One function, which the launcher calls: V8 keeps what it compiled of scripts, and not of modules. */
async function buildProgram(name: string, entry: string): Promise<Metafile> {
  const { metafile } = await build({
    ...common,
    entryPoints: { [name]: entry },
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
    define: { 'import.meta.url': 'programUrl', 'import.meta.dirname': 'programFolder' },
    banner: { js: '(function(require,programUrl,programFolder){var module={exports:{}},exports=module.exports;' },
    footer: { js: '})' },
  });
  await cp('tools/packaging/launcher.cjs', join(directory, `${name}.js`));
  return metafile;
}

const daemon = await buildProgram('main', 'packages/daemon/dist/main.js');
const routers = await buildProgram('quagga-config', 'packages/quagga/dist/main.js');
await writeFile(join(directory, 'package.json'), JSON.stringify({ type: 'commonjs' }));
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
await writeFile(
  join(directory, 'third-party-licences.txt'),
  await licences([daemon, routers].flatMap(({ inputs }) => Object.keys(inputs))),
);
await writeFile(join(directory, '../sizes.json'), JSON.stringify(sizesOf(daemon), undefined, 2));
