import { expect } from 'chai';
import { CloneShell } from './documentation/clone-shell.ts';
import { CLONE_STORIES, type CloneScene } from './documentation/clone-stories.ts';
import { linesToRun } from './documentation/lines.ts';
import { typeLine } from './documentation/reader.ts';
import { ENGINES_IN_FULL } from './support/engines.ts';

if (ENGINES_IN_FULL.length > 0) {
  describe('a contributor types the commands of a page, one after the other', () => {
    for (const { page, typing = {} } of CLONE_STORIES) {
      describe(page, () => {
        let scene: CloneScene;

        before(async () => {
          scene = { shell: await CloneShell.open() };
        });
        after(async () => {
          const left = await scene.shell.close();
          await scene.scratch?.remove();
          expect(left, 'labs that the page leaves').to.deep.equal([]);
        });

        for (const line of linesToRun(page)) {
          it(`${line.line}: ${line.text}`, async () => {
            const [, typeIt] = Object.entries(typing).find(([start]) => line.text.startsWith(start)) ?? [];
            await (typeIt === undefined ? typeLine(scene.shell, line) : typeIt(scene, line));
          });
        }
      });
    }
  });
}
