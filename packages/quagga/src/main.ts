#!/usr/bin/env node
import { spawn } from 'node:child_process';
import { access, readFile, stat } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { runCommand } from './check/command.ts';
import { runCli } from './cli/program.ts';

// Whoever reads the output may stop reading: "quagga-config --help | head" is no error.
for (const output of [process.stdout, process.stderr]) {
  output.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });
}

void runCli(process.argv.slice(2), {
  write: (output) => void process.stdout.write(output),
  complain: (output) => void process.stderr.write(output),
  read: (path) => (path === '-' ? text(process.stdin) : readFile(path, 'utf8')),
  ip: async (args) => JSON.parse((await runCommand('ip', ['-j', ...args])).stdout || '[]') as unknown,
  exists: (path) =>
    access(path).then(
      () => true,
      () => false,
    ),
  isDirectory: async (path) => (await stat(path).catch(() => undefined))?.isDirectory() === true,
  isRoot: process.getuid?.() === 0,
  detach: (args) =>
    spawn(process.execPath, [...process.execArgv, process.argv[1] ?? '', ...args], {
      detached: true,
      stdio: 'ignore',
    }).unref(),
  // A host without logger(1) has no such log.
  log: async (text) => {
    await runCommand('logger', ['-t', 'quagga-config', '--', text]).catch(() => undefined);
  },
}).then((status) => {
  process.exitCode = status;
});
