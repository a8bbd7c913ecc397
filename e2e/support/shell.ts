import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { CommandResult, Host, Lab, LabProcess } from '@routed/lab';

const commandsDirectory = '/run/commands';
const require = createRequire(import.meta.url);

/** Puts `routed-plugin` and the engine's own `docker` on the path of the host's shell, as installing them does. */
export async function equipShell(lab: Lab, host: Host): Promise<void> {
  const directory = host.outsidePath(commandsDirectory);
  await mkdir(directory, { recursive: true });
  await writeCommand(join(directory, 'routed-plugin'), [process.execPath, pluginMain()]);
  if (host.engine === null) return;
  const chroot = host.engine.root === null ? [] : ['chroot', join(lab.directory, host.name, 'engine/root')];
  await writeCommand(join(directory, 'docker'), [...chroot, '/usr/bin/docker']);
}

/** Runs a command line as typed. It may fail: look at `exitCode`. */
export async function type(host: Host, line: string): Promise<CommandResult> {
  return host.exec(['sh', '-c', line], { check: false, env: shellEnvironment() });
}

/** Runs a command line on a terminal, types `input` there, and returns what the terminal showed. */
export async function typeOnTerminal(host: Host, line: string, input: string): Promise<CommandResult> {
  return host.exec(['script', '--quiet', '--return', '--command', line, '/dev/null'], {
    check: false,
    input,
    env: shellEnvironment(),
  });
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

function pluginMain(): string {
  const manifestPath = require.resolve('@routed/daemon/package.json');
  const { bin } = require(manifestPath) as { readonly bin: { readonly 'routed-plugin': string } };
  return join(dirname(manifestPath), bin['routed-plugin']);
}
