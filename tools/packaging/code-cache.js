// Writes what V8 compiles while a program of a bundle does what the words say, for the Node.js that runs this: the launcher takes it.
//
// node code-cache.js PROGRAM CACHE STATUS [WORD]…
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Script } from 'node:vm';

const [node, , filename, cache, status, ...words] = process.argv;
const launcher = filename.replace(/\.cjs$/, '.js');
const url = pathToFileURL(launcher).href;
process.argv = [node, launcher, ...words];

const text = readFileSync(filename, 'latin1');
const program = new Script(text, { filename });
process.once('beforeExit', (code) => {
  if (code !== Number(status)) throw new Error(`${words.join(' ')}: status ${code} instead of ${status}`);
  const cachedData = program.createCachedData();
  if (new Script(text, { filename, cachedData }).cachedDataRejected) throw new Error('V8 does not take what it made');
  writeFileSync(cache, cachedData);
  process.exitCode = 0;
});
program.runInThisContext()(createRequire(url), url, dirname(filename));
