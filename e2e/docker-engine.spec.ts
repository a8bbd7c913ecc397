import { createDockerEngine, type DockerEngine, type EngineNotice } from '@routed/docker-engine';
import { expect } from 'chai';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeBlocks, REPOSITORY } from '../tools/documentation/markdown.ts';
import { idle, runIdle } from './support/containers.ts';
import { ENGINES } from './support/engines.ts';
import { eventually } from './support/eventually.ts';
import { setStage } from './support/stage.ts';

const PAGE = 'packages/docker-engine/README.md';
const apiVersions = { '20.10': '1.41', '26': '1.45', '28': '1.51' };

for (const engine of ENGINES) {
  describe(`@routed/docker-engine with Docker ${engine}`, () => {
    const stage = setStage({ host: { engine }, plugin: 'none' });
    let docker: DockerEngine;
    let notices: EngineNotice[];
    let ending: AbortController;
    let following: Promise<void>;

    const follow = async (signal: AbortSignal): Promise<void> => {
      for await (const notice of docker.events({ filters: { type: ['container', 'network'] }, signal })) {
        notices.push(notice);
      }
    };
    beforeEach(async () => {
      docker = createDockerEngine({ socketPath: stage.host.outsidePath('/run/docker.sock') });
      notices = [];
      ending = new AbortController();
      following = follow(ending.signal);
      await eventually(() => expect(notices).to.deep.equal([{ kind: 'resync', reason: 'first' }]));
    });
    afterEach(async () => {
      ending.abort();
      await following;
    });

    /** What was said of a container or network that has `name`, and of connections, but not of health checks. */
    const said = (name: string): string[] =>
      notices.flatMap((notice) => {
        if (notice.kind !== 'event') return [notice.kind];
        const { action, detail, attributes } = notice.event;
        if (attributes['name'] !== name || action.startsWith('exec_')) return [];
        return [[action, detail, action === 'kill' ? attributes['signal'] : ''].filter(Boolean).join(' ')];
      });

    it('agrees on the version, and tells the life of a container', async () => {
      const { host } = stage;
      expect((await docker.version()).apiVersion).to.equal(apiVersions[engine]);
      await host.docker('network', 'create', 'aside');
      const health = ['--health-cmd', 'ip link show dev eth1', '--health-interval', '1s', '--health-retries', '1'];
      await runIdle(host, 'web', ...health);
      const healthNow = async (): Promise<string | undefined> => (await docker.containers.inspect('web'))?.health;
      await eventually(async () => expect(await healthNow()).to.equal('unhealthy'), 20_000);
      await host.docker('network', 'connect', 'aside', 'web');
      await eventually(() => expect(said('web')).to.include('health_status healthy'), 20_000);
      expect(await healthNow()).to.equal('healthy');
      await host.docker('pause', 'web');
      expect(await docker.containers.inspect('web')).to.include({ isRunning: true, isPaused: true });
      await host.docker('unpause', 'web');
      await host.docker('network', 'disconnect', 'aside', 'web');
      expect(await docker.containers.kill('web', 'SIGURG')).to.equal(true);
      expect(await docker.containers.kill('web', 'SIGTERM')).to.equal(true);
      await eventually(() => expect(said('web')).to.include('die'));
      expect(await docker.containers.kill('web', 'SIGTERM')).to.equal(false);
      await host.docker('rm', 'web');
      expect(await docker.containers.kill('web', 'SIGTERM')).to.equal(false);

      await eventually(() => expect(said('web')).to.include('destroy'));
      const life = said('web');
      const healthy = life.indexOf('health_status healthy');
      // A check that is under way while the container is paused fails.
      const isOther = (what: string, index: number): boolean => index <= healthy || !what.startsWith('health_status');
      expect(life.filter(isOther)).to.deep.equal([
        ...['resync', 'create', 'start', 'health_status unhealthy', 'health_status healthy', 'pause', 'unpause'],
        ...['kill 23', 'kill 15', 'die', 'destroy'],
      ]);
      expect(said('aside')).to.include.members(['create', 'connect', 'disconnect']);
    });

    it('tells everything that happened while dockerd was up, also when it is killed in between', async () => {
      const { host } = stage;
      const names: string[] = [];
      const runSome = async (): Promise<void> => {
        for (let count = 0; count < 3; count++) {
          names.push(`run${names.length}`);
          await host.docker('run', '--rm', '--name', `run${names.length - 1}`, 'alpine', 'true');
        }
      };
      for (let round = 0; round < 2; round++) {
        await runSome();
        await host.stopEngine('SIGKILL');
        await host.startEngine();
      }
      await runSome();
      await eventually(() => expect(said(names.at(-1) ?? '')).to.include('destroy'));

      const resyncs = notices.flatMap((notice) => (notice.kind === 'resync' ? [notice.reason] : []));
      expect(resyncs).to.deep.equal(['first', 'gap', 'gap']);
      for (const name of names) {
        const life = said(name).filter((what) => !['resync', 'disconnected'].includes(what));
        // `docker run` has ended before dockerd has removed the container: the kill may come first.
        expect(life.slice(0, 3), name).to.deep.equal(['create', 'attach', 'start']);
      }
      expect(await docker.containers.list()).to.be.an('array');
    });

    it(`runs the program of ${PAGE}`, async () => {
      const { host } = stage;
      // Inside the repository, where it finds the package.
      const directory = await mkdtemp(join(REPOSITORY, 'e2e/.docker-engine-'));
      try {
        const block = codeBlocks(PAGE).find(({ language }) => language === 'ts');
        await writeFile(join(directory, 'follow.mts'), block?.text ?? '');
        await runIdle(host, 'before');
        const argv = [join(REPOSITORY, 'node_modules/.bin/tsx'), join(directory, 'follow.mts')];
        const program = await host.spawn(argv, { name: 'follow' });
        await eventually(async () => expect(await program.log()).to.contain('before'), 20_000);

        await host.docker('run', '--rm', '--name', 'during', ...idle.slice(0, 1), 'true');

        await eventually(async () => expect(await program.log()).to.match(/during start[^]*during destroy/));
        await eventually(() => expect(program.hasExited).to.equal(true));
      } finally {
        await rm(directory, { recursive: true });
      }
    });
  });
}
