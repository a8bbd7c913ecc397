import { expect } from 'chai';
import type { TypedLine } from '../../tools/documentation/commands.ts';
import type { CloneShell } from './clone-shell.ts';
import type { Conversation } from './conversation.ts';
import { attach, runStopped } from './debugger.ts';
import { typeLine } from './reader.ts';
import { ScratchClone } from './scratch-clone.ts';

/** Where a page is read on the machine itself, and what lines before have left for those after them. */
export interface CloneScene {
  readonly shell: CloneShell;
  debugger?: Conversation;
  scratch?: ScratchClone;
}

/** How lines of a page that begin so are typed, other than by themselves and as they are printed. */
export type Typing = Readonly<Record<string, (scene: CloneScene, line: TypedLine) => Promise<void>>>;

/** The pages whose commands are typed in a clone, on the machine itself. */
export const CLONE_STORIES: readonly { readonly page: string; readonly typing?: Typing }[] = [
  {
    page: 'CONTRIBUTING.md',
    typing: {
      'tools/lab/lab exec h1 node inspect': startDebugger,
      'tools/lab/lab docker h1 run --rm --network apps alpine ip address': runStoppedContainer,
      'npx lerna version': typeInScratch,
      'git ': typeInScratch,
    },
  },
  { page: 'docs/performance.md' },
  { page: 'docs/security.md' },
  { page: 'tools/lab/README.md' },
  {
    page: 'e2e/README.md',
    typing: {
      'tools/lab/lab exec --lab NAME': typeWithName,
      'tools/lab/lab docker --lab NAME': typeWithName,
      'less /tmp/routed-lab/NAME': typeWithName,
      'tools/lab/lab down NAME': typeWithName,
    },
  },
  { page: 'e2e/cluster/README.md' },
];

async function startDebugger(scene: CloneScene, line: TypedLine): Promise<void> {
  const { stdout } = await scene.shell.run(
    'grep -n "const joining" packages/driver/dist/endpoints/endpoint-lifecycle.js',
  );
  scene.debugger = await attach(scene.shell, line, stdout.split(':')[0] ?? '');
}

async function runStoppedContainer(scene: CloneScene, line: TypedLine): Promise<void> {
  if (scene.debugger === undefined) throw new Error('no debugger was started');
  await runStopped(scene.shell, line, scene.debugger);
}

/** It commits and pushes. */
async function typeInScratch(scene: CloneScene, line: TypedLine): Promise<void> {
  scene.scratch ??= await ScratchClone.make();
  await typeLine(scene.shell.in(scene.scratch.folder), line);
}

/** NAME is that of the lab that the page had stay. */
async function typeWithName(scene: CloneScene, line: TypedLine): Promise<void> {
  const { stdout } = await scene.shell.run('tools/lab/lab list');
  const [, name = ''] = /^(\S+) +standing /m.exec(stdout) ?? [];
  expect(name, stdout).to.not.equal('');
  await typeLine(scene.shell, { ...line, text: line.text.replace('NAME', name) });
}
