// Writes what V8 compiles while the program warms up, for the Node.js that runs this: main.js takes it.
//
// node code-cache.js DIRECTORY
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Script } from 'node:vm';

const [, , folder] = process.argv;
const filename = join(folder, 'program.cjs');
const url = pathToFileURL(join(folder, 'main.js')).href;
process.argv = [process.execPath, join(folder, 'main.js'), 'warm-up'];

const text = readFileSync(filename, 'latin1');
const program = new Script(text, { filename });
process.once('beforeExit', (code) => {
  if (code !== 0) return;
  const cachedData = program.createCachedData();
  if (new Script(text, { filename, cachedData }).cachedDataRejected) throw new Error('V8 does not take what it made');
  writeFileSync(join(folder, 'program.cache'), cachedData);
});
program.runInThisContext()(createRequire(url), url, folder);
