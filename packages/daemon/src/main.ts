#!/usr/bin/env node
import { runCommandLine } from './cli/run.ts';

// Whoever reads our output may stop reading: "routed-plugin events | head" is no error.
for (const output of [process.stdout, process.stderr]) {
  output.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });
}

void runCommandLine(process.argv.slice(2));
