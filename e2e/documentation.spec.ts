import type { Host, Router } from '@routed/lab';
import { linesToRun } from './documentation/lines.ts';
import { HostShell, makeNginx } from './documentation/host-shell.ts';
import { typeLine } from './documentation/reader.ts';
import { startRouters } from './documentation/routers.ts';
import type { Scene } from './documentation/scene.ts';
import { STORIES } from './documentation/stories.ts';
import { ENGINES_IN_FULL } from './support/engines.ts';
import { setStage } from './support/stage.ts';

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
