// Writes what V8 compiles while a program of a bundle does what the words say, for the Node.js that runs this: the launcher takes it.
//
// With the same seed of hashes, the same program gives the same bytes.
//
// node --hash-seed=1 code-cache.js PROGRAM CACHE STATUS [WORD]…
import { Buffer } from 'node:buffer';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';

const [node, , filename, cache, status, ...words] = process.argv;
const launcher = filename.replace(/\.cjs$/, '.js');
const url = pathToFileURL(launcher).href;
process.argv = [node, launcher, ...words];

const text = readFileSync(filename, 'latin1');
// The name is kept, and stands in stacks: the folder of a build says nothing to who runs it. A copy, as V8 keeps the whole of a part.
const name = Buffer.from(basename(filename)).toString();
const program = new Script(text, { filename: name });
process.once('beforeExit', (code) => {
  if (code !== Number(status)) throw new Error(`${words.join(' ')}: status ${code} instead of ${status}`);
  // V8 takes what was made with its own flags: the default again.
  setFlagsFromString('--hash-seed=0');
  const cachedData = program.createCachedData();
  if (new Script(text, { cachedData }).cachedDataRejected) throw new Error('V8 does not take what it made');
  writeFileSync(cache, cachedData);
  process.exitCode = 0;
});
program.runInThisContext()(createRequire(url), url, dirname(filename));
