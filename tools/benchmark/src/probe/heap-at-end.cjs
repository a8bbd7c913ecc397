// Loaded before a program, with --expose-gc: writes the bytes of its JavaScript that are alive when it ends.
'use strict';
const { writeSync } = require('node:fs');

process.once('beforeExit', () => {
  globalThis.gc();
  writeSync(2, `heap ${process.memoryUsage().heapUsed}\n`);
});
