#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { createProgram } from './cli/program.ts';

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };

try {
  await createProgram(manifest.version).parseAsync();
} catch (error) {
  process.stderr.write(`routed-plugin: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
