// What packages run as `routed-plugin` and `quagga-config`: the program beside it, whose functions that a start needs are compiled already.
// Of another release of Node.js, or with flags of V8, the compiled form is not accepted, and Node.js compiles as always.
'use strict';

const { readFileSync } = require('node:fs');
const { basename, join } = require('node:path');
const { pathToFileURL } = require('node:url');
const { Script } = require('node:vm');

const name = basename(__filename, '.js');
const filename = join(__dirname, `${name}.cjs`);
const [, , word = ''] = process.argv;
const serves = word === '' || word === 'serve' || word === 'warm-up' || word.startsWith('-');

/** That of commands has half the size: to read the other one takes as long as all else that a command does. */
function compiled() {
  for (const cache of serves ? [name] : [`${name}-command`, name]) {
    try {
      return readFileSync(join(__dirname, `${cache}.cache`));
    } catch {
      // The next one, or none.
    }
  }
  return undefined;
}

// The program is ASCII: a character of its text takes one byte of memory.
const text = readFileSync(filename, 'latin1');

/** With node --enable-source-maps, stack traces name our sources; Node.js reads maps of modules only. */
function withSourceMap() {
  const Module = require('node:module');
  const module = new Module(filename);
  module._compile(`module.exports=${text}`, filename);
  return module.exports;
}

const program = process.sourceMapsEnabled
  ? withSourceMap()
  : new Script(text, { filename, cachedData: compiled() }).runInThisContext();
program(require, pathToFileURL(__filename).href, __dirname);
