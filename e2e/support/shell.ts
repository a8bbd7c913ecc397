import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { CommandResult, Host, Lab, LabProcess } from '@routed/lab';

const commandsDirectory = '/run/commands';
const packages = join(import.meta.dirname, '../../packages');
const require = createRequire(import.meta.url);

/** Puts our programs and the engine's own `docker` on the path of the host's shell, as installing them does. */
export async function equipShell(lab: Lab, host: Host): Promise<void> {
  const directory = host.outsidePath(commandsDirectory);
  await mkdir(directory, { recursive: true });
  await writeCommand(join(directory, 'routed-plugin'), [process.execPath, programOf('daemon', 'routed-plugin')]);
  await writeCommand(join(directory, 'quagga-config'), [process.execPath, programOf('quagga', 'quagga-config')]);
  if (host.engine === null) return;
  const chroot = host.engine.root === null ? [] : ['chroot', join(lab.directory, host.name, 'engine/root')];
  await writeCommand(join(directory, 'docker'), [...chroot, '/usr/bin/docker']);
}

/** Runs a command line as typed. It may fail: look at `exitCode`. */
export async function type(host: Host, line: string): Promise<CommandResult> {
  return host.exec(['sh', '-c', line], { check: false, env: shellEnvironment() });
}

/** Has a command line find itself on a terminal. */
export function onTerminal(line: string): string[] {
  return ['script', '--quiet', '--return', '--command', line, '/dev/null'];
}

/** Runs a command line on a terminal, types `input` there, and returns what the terminal showed. */
export async function typeOnTerminal(host: Host, line: string, input: string): Promise<CommandResult> {
  return host.exec(onTerminal(line), { check: false, input, env: shellEnvironment() });
}

/** Starts a command line that goes on running. */
export async function start(host: Host, line: string, name: string): Promise<LabProcess> {
  return host.spawn(['sh', '-c', `exec ${line}`], { name, env: shellEnvironment() });
}

function shellEnvironment(): Record<string, string> {
  return { PATH: `${commandsDirectory}:${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` };
}

async function writeCommand(path: string, argv: readonly string[]): Promise<void> {
  await writeFile(path, `#!/bin/sh\nexec ${argv.map((word) => `'${word}'`).join(' ')} "$@"\n`);
  await chmod(path, 0o755);
}

/** What a package of this repository has in `bin`. */
function programOf(packageName: string, program: string): string {
  const directory = join(packages, packageName);
  const { bin } = require(join(directory, 'package.json')) as { readonly bin: Readonly<Record<string, string>> };
  return join(directory, bin[program] ?? '');
}
