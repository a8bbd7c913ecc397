// Writes a page of the manual for each command of routed-plugin and quagga-config, and the completion for each shell, from the
// definitions that also parse command lines.
//
// node --import=tsx tools/packaging/man-pages.ts DIRECTORY
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createProgram } from '../../packages/daemon/dist/cli/program.js';
import { placesOf } from '../../packages/daemon/dist/completion/places.js';
import { SHELLS } from '../../packages/daemon/dist/completion/shell-names.js';
import { completionFor } from '../../packages/daemon/dist/completion/shells.js';
import { createProgram as createRouterProgram } from '../../packages/quagga/dist/cli/program.js';
import type { CliEnvironment } from '../../packages/quagga/dist/cli/environment.js';
import { manualPages } from './manual.ts';

const [directory] = process.argv.slice(2);
if (directory === undefined) throw new Error('usage: man-pages.ts DIRECTORY');
// Only what its commands are is asked: none of them runs.
const nowhere = { write: () => undefined, complain: () => undefined } as unknown as CliEnvironment;
const programs = [
  { program: createProgram(''), section: 8, defaultCommand: 'serve' },
  { program: createRouterProgram(nowhere, () => undefined), section: 1, defaultCommand: undefined },
] as const;
/** Each shell looks for its own under a name of its own. */
const FILES: Readonly<Record<(typeof SHELLS)[number], (name: string) => string>> = {
  bash: (name) => name,
  zsh: (name) => `_${name}`,
  fish: (name) => `${name}.fish`,
};
await mkdir(directory, { recursive: true });
for (const shell of SHELLS) await mkdir(join(directory, shell), { recursive: true });
for (const { program, section, defaultCommand } of programs) {
  for (const { name, text } of manualPages(program, section)) await writeFile(join(directory, name), text);
  for (const shell of SHELLS) {
    const text = completionFor(shell, placesOf(program, defaultCommand), program.name());
    await writeFile(join(directory, shell, FILES[shell](program.name())), text);
  }
}
