import { prepareCompose } from '@routed/lab';
import { expect } from 'chai';
import { codeBlocks, REPOSITORY } from '../../tools/documentation/markdown.ts';
import { routeTo } from '../support/kernel.ts';
import { eventually } from '../support/eventually.ts';
import { runConfig } from './routers.ts';
import type { PageStory, Scene } from './scene.ts';

const createApps = 'docker network create -d routed --ipam-driver routed --subnet 10.1.0.0/16 apps';
const runWeb = 'docker run -d --name web --network apps --ip 10.1.0.2 nginx';
const COMPOSE = `${REPOSITORY}examples/compose`;

const withPlugin = ({ shell }: Scene): Promise<void> => shell.serve();

/** The plugin runs, and with it the container `web` on the network `apps`. */
async function withWeb({ shell }: Scene): Promise<void> {
  await shell.serve();
  await shell.prepare(createApps, runWeb);
}

/** The plugin runs, and Docker's client has a current Compose. */
async function withCompose({ shell }: Scene): Promise<void> {
  const plugins = '/run/docker-cli/cli-plugins';
  await shell.serve();
  await shell.prepare(
    `mkdir -p ${plugins} /run/reader`,
    `ln -sf ${await prepareCompose(console.log)} ${plugins}/docker-compose`,
  );
}

/** The router runs a configuration for part of the containers that the file here is for. */
async function withNarrowerRouter({ shell, router }: Scene, file: string): Promise<void> {
  await shell.prepare(`sed 's,/1[26],/17,' ${file} > narrower.yaml`);
  await runConfig(shell, router, 'narrower.yaml');
}

/** In the order of the tests: the last ones leave the router as they like. */
export const STORIES: readonly PageStory[] = [
  {
    page: 'README.md',
    folder: REPOSITORY,
    // /usr/local/bin is the machine's.
    given: ({ shell }) =>
      shell.prepare(
        'mkdir -p /run/local/upper /run/local/work',
        'mount -t overlay overlay -o lowerdir=/usr/local/bin,upperdir=/run/local/upper,workdir=/run/local/work /usr/local/bin',
      ),
    meanwhile: {
      'routed-plugin --gateway': ({ shell }) => shell.prepare('/usr/local/bin/routed-plugin --version'),
    },
  },
  { page: 'docs/additional-addresses.md', given: withPlugin },
  { page: 'docs/filters.md', given: withPlugin },
  { page: 'docs/limits.md', given: withPlugin },
  { page: 'docs/install.md' },
  { page: 'docs/metrics.md', given: withWeb },
  { page: 'docs/setup.md', given: withWeb },
  { page: 'docs/troubleshooting.md', given: withWeb },
  {
    page: 'docs/logs.md',
    given: async (scene: Scene): Promise<void> => {
      await withWeb(scene);
      await scene.shell.prepare('quagga-config init > router.yaml');
    },
  },
  { page: 'docs/names.md', given: withWeb },
  { page: 'docs/web.md' },
  {
    page: 'docs/duplicate-addresses.md',
    given: async (scene: Scene): Promise<void> => {
      await withWeb(scene);
      await scene.peer.exec(['ip', 'route', 'add', '10.1.3.2/32', 'dev', 'lo', 'proto', '200']);
      await eventually(async () => {
        expect((await routeTo(scene.shell.host, '10.1.3.2'))?.dev).to.equal('eth1');
      });
    },
  },
  {
    page: 'docs/migration.md',
    meanwhile: {
      'docker network inspect mine': ({ shell }) =>
        shell.prepare(
          'docker run -d --name web --net=mine --ip 10.1.0.2 nginx',
          'docker run -d --name cnm-routed-plugin --stop-signal KILL alpine sleep 1000',
        ),
      'docker stop cnm-routed-plugin': ({ shell }) => shell.endServing(),
      'docker network create -d routed': ({ shell }) => shell.serve('env $(cat /etc/default/routed) routed-plugin'),
    },
  },
  {
    page: 'examples/compose/README.md',
    folder: COMPOSE,
    given: withCompose,
    meanwhile: {
      'routed-plugin address add compose-web-1': ({ shell }) =>
        shell.prepare(
          'mkdir /run/reader/compose',
          "sed '/ driver_opts:/,/ routed.rate-out:/d' docker-compose.yml > /run/reader/compose/docker-compose.yml",
          'docker compose --file /run/reader/compose/docker-compose.yml up --detach',
        ),
    },
  },
  { page: 'packages/daemon/README.md' },
  {
    page: 'docs/routing-designs.md',
    given: async (scene: Scene): Promise<void> => {
      const model = codeBlocks('docs/routing-designs.md').find(({ language }) => language === 'yaml')?.text;
      await scene.shell.prepare(`echo '${model}' > router.yaml`);
      await withNarrowerRouter(scene, 'router.yaml');
    },
  },
  {
    page: 'packages/quagga/README.md',
    given: async (scene: Scene): Promise<void> => {
      await withWeb(scene);
      await scene.shell.prepare('quagga-config init > proposed.yaml');
      await withNarrowerRouter(scene, 'proposed.yaml');
    },
  },
];
