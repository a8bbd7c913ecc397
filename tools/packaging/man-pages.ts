// Writes a page of the manual for each command of routed-plugin, and the completion for each shell, from the definitions that also
// parse command lines.
//
// node --import=tsx tools/packaging/man-pages.ts DIRECTORY
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createProgram } from '../../packages/daemon/dist/cli/program.js';
import { placesOf } from '../../packages/daemon/dist/completion/places.js';
import { SHELLS } from '../../packages/daemon/dist/completion/shell-names.js';
import { completionFor } from '../../packages/daemon/dist/completion/shells.js';
import { manualPages } from './manual.ts';

const [directory] = process.argv.slice(2);
if (directory === undefined) throw new Error('usage: man-pages.ts DIRECTORY');
const program = createProgram('');
await mkdir(directory, { recursive: true });
for (const { name, text } of manualPages(program)) await writeFile(join(directory, name), text);
/** Each shell looks for its own under a name of its own. */
const FILES: Readonly<Record<(typeof SHELLS)[number], string>> = {
  bash: 'routed-plugin',
  zsh: '_routed-plugin',
  fish: 'routed-plugin.fish',
};
for (const shell of SHELLS) {
  await mkdir(join(directory, shell), { recursive: true });
  await writeFile(join(directory, shell, FILES[shell]), completionFor(shell, placesOf(program, 'serve')));
}
