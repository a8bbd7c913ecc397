import { writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import type { Host } from '@routed/lab';
import { HostShell, makeNginx } from './documentation/host-shell.ts';
import { typeLine } from './documentation/reader.ts';
import { bareRouter, isObservation, stepsOf, TUTORIALS_NOW } from './documentation/tutorials.ts';
import { ENGINES_IN_FULL } from './support/engines.ts';
import { eventually } from './support/eventually.ts';
import { equipShell } from './support/shell.ts';
import { setStage } from './support/stage.ts';

/** Of routers that find each other on a machine that is busy with other things. */
const settleMs = 60_000;

for (const engine of ENGINES_IN_FULL) {
  describe(`an operator follows a tutorial on two hosts and two leaves (Docker ${engine})`, () => {
    const stage = setStage({ host: { name: 'host-a', engine, router: '8.4' }, plugin: 'none' });
    /** By the words that a page says them with. */
    let places: ReadonlyMap<string, readonly HostShell[]>;
    let routers: readonly Host[];

    before(async () => {
      const { lab, host } = stage;
      const other = await lab.addHost({ name: 'host-b', engine, router: '8.4' });
      const leaf = { engine: 'none', router: '8.4', uplink: 'none', ipForward: true } as const;
      const leaves = [await lab.addHost({ ...leaf, name: 'leaf-a' }), await lab.addHost({ ...leaf, name: 'leaf-b' })];
      const hosts = [host, other];
      for (const [up, one] of leaves.entries())
        for (const [down, end] of hosts.entries())
          await lab.addWire(
            { host: end, link: `eth${up + 2}`, address: null },
            { host: one, link: `swp${down + 1}`, address: null },
          );
      routers = [...hosts, ...leaves];
      await Promise.all(routers.slice(1).map((each) => equipShell(lab, each)));
      await Promise.all(hosts.map(makeNginx));
      const shells = routers.map((each) => new HostShell(each));
      places = new Map<string, readonly HostShell[]>([
        ...shells.map((shell) => [shell.host.name, [shell]] as const),
        ['both hosts', shells.slice(0, 2)],
        ['both leaves', shells.slice(2)],
      ]);
    });

    for (const page of TUTORIALS_NOW) {
      describe(page, () => {
        before(async () => {
          await Promise.all(routers.map(bareRouter));
          for (const shell of placesOf('both leaves')) await shell.prepare();
          for (const shell of placesOf('both hosts')) {
            await shell.prepare();
            await shell.serve();
          }
        });
        after(async () => {
          for (const shell of placesOf('both hosts')) {
            await shell.host.exec(['ip', 'address', 'flush', 'dev', 'lo', 'to', '10.200.0.0/24']);
            await shell.leave();
          }
        });

        for (const step of stepsOf(page)) {
          if ('path' in step) {
            it(`${step.line}: writes ${step.path} on ${step.on}`, async () => {
              for (const { host } of placesOf(step.on)) await writeFile(host.outsidePath(step.path), step.text);
            });
            continue;
          }
          it(`${step.line}: ${step.text} (on ${step.on})`, async () => {
            const typed = placesOf(step.on).map((shell) =>
              eventually(() => typeLine(shell, step), isObservation(step) ? settleMs : 0),
            );
            await Promise.all(typed);
          });
        }
      });
    }

    function placesOf(on = ''): readonly HostShell[] {
      const shells = places.get(on);
      expect(shells, `the page says on which host: "${on}"`).to.not.equal(undefined);
      return shells ?? [];
    }
  });
}
