// What packages run as `routed-plugin`: the program beside it, whose functions that a start needs are compiled already. Of
// another release of Node.js, or with flags of V8, the compiled form is not accepted, and Node.js compiles as always.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Script } from 'node:vm';

const folder = import.meta.dirname;
const filename = join(folder, 'program.cjs');

function compiled() {
  try {
    return readFileSync(join(folder, 'program.cache'));
  } catch {
    return undefined;
  }
}

// The program is ASCII: a character of its text takes one byte of memory.
const program = new Script(readFileSync(filename, 'latin1'), { filename, cachedData: compiled() });
program.runInThisContext()(createRequire(import.meta.url), import.meta.url, folder);
