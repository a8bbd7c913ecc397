#!/usr/bin/env node
import { createProgram } from './cli/program.ts';
import { VERSION } from './version.ts';

try {
  await createProgram(VERSION).parseAsync();
} catch (error) {
  process.stderr.write(`routed-plugin: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
