import type { Host, Router } from '@routed/lab';
import { expect } from 'chai';
import { allPages, readPage } from '../tools/documentation/markdown.ts';
import { linesOf, linesToRun } from './documentation/lines.ts';
import { ATTENDED } from './documentation/attendance.ts';
import { CLONE_PAGES } from './documentation/clone-shell.ts';
import { ELSEWHERE, elsewhere } from './documentation/elsewhere.ts';
import { HostShell, makeNginx } from './documentation/host-shell.ts';
import { typeLine } from './documentation/reader.ts';
import { startRouters } from './documentation/routers.ts';
import type { Scene } from './documentation/scene.ts';
import { STORIES } from './documentation/stories.ts';
import { TUTORIALS } from './documentation/tutorials.ts';
import { ENGINES_IN_FULL } from './support/engines.ts';
import { setStage } from './support/stage.ts';

const pages = [...STORIES.map(({ page }) => page), ...CLONE_PAGES, ...TUTORIALS];
const printed = allPages().flatMap(linesOf);

describe('the commands of the pages', () => {
  it('are all typed here, but for those of the table', () => {
    const typed = pages.flatMap(linesToRun);

    expect(typed).to.have.deep.members(allPages().flatMap(linesToRun));
  });

  for (const row of ELSEWHERE) {
    it(`are run by ${row.by ?? 'nothing'}: ${row.lines.source} (${row.reason})`, () => {
      expect(printed.filter((line) => elsewhere(line) === row)).to.not.be.empty;
      if (row.by === null) return;
      const text = readPage(row.by);
      expect(row.words.filter((word) => !text.includes(word))).to.deep.equal([]);
    });
  }

  it('are there where something is prepared for them', () => {
    const prepared = STORIES.flatMap(({ page, meanwhile = {} }) =>
      Object.keys(meanwhile).filter((start) => !linesToRun(page).some(({ text }) => text.startsWith(start))),
    );
    const attended = ATTENDED.filter(([lines]) => !printed.some(({ text }) => lines.test(text)));

    expect(prepared).to.deep.equal([]);
    expect(attended).to.deep.equal([]);
  });
});

for (const engine of ENGINES_IN_FULL) {
  describe(`an operator types the commands of a page, one after the other (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine, router: '8.4' }, plugin: 'none' });
    let routers: { readonly router: Router; readonly peer: Host };

    before(async () => {
      await makeNginx(stage.host);
      routers = await startRouters(stage.lab, stage.host);
    });

    for (const { page, folder, given, meanwhile = {} } of STORIES) {
      describe(page, () => {
        let scene: Scene;

        before(async () => {
          scene = { ...routers, shell: new HostShell(stage.host, folder) };
          await scene.shell.prepare();
          await given?.(scene);
        });
        after(() => scene.shell.leave());

        for (const line of linesToRun(page)) {
          it(`${line.line}: ${line.text}`, async () => {
            const before = Object.entries(meanwhile).filter(([start]) => line.text.startsWith(start));
            for (const [, act] of before) await act(scene);

            await typeLine(scene.shell, line);
          });
        }
      });
    }
  });
}
