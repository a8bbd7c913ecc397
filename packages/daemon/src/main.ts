#!/usr/bin/env node
import { createProgram } from './cli/program.ts';
import { VERSION } from './version.ts';

// Whoever reads our output may stop reading: "routed-plugin events | head" is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  throw error;
});

try {
  await createProgram(VERSION).parseAsync();
} catch (error) {
  process.stderr.write(`routed-plugin: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
