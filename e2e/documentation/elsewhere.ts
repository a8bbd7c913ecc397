import type { TypedLine } from '../../tools/documentation/commands.ts';

/** Commands of the pages that these tests do not run. */
export type Elsewhere = {
  /** What such lines look like. */
  readonly lines: RegExp;
  /** Why they are not run here. */
  readonly reason: string;
  /** The pages of several hosts, which say on which of them each line is typed, have them run. */
  readonly isForOneHost?: true;
} & (
  | {
      /** The file that runs them. */
      readonly by: string;
      /** What it has of them. */
      readonly words: readonly [string, ...string[]];
    }
  | { readonly by: null }
);

const DEBIAN = 'e2e/packaging/debian.spec.ts';
const IMAGE = 'e2e/packaging/image.spec.ts';
const MANAGED_PLUGIN = 'e2e/packaging/managed-plugin.spec.ts';
const NPM = 'e2e/packaging/npm.spec.ts';

export const ELSEWHERE: readonly Elsewhere[] = [
  {
    lines: /^tools\/demo\b/,
    reason: 'It makes a Docker host of its own.',
    by: 'e2e/demo.spec.ts',
    words: ["run(['demo'"],
  },
  { lines: /^tools\/test$/, reason: 'It runs this test.', by: '.ci/run', words: ['tools/test'] },
  {
    lines: /^(ROUTED_E2E_\w+=\S+ )?npm run (lint|test:\w+)\b|^npx mocha /,
    reason: 'It is minutes of what runs beside this test.',
    by: 'tools/test',
    words: ['npm run --silent lint', 'npm run --silent "test:$1"', 'unit|kernel|e2e|cluster|packaging'],
  },
  {
    lines: /^tools\/bench (ci|soak)$/,
    reason: 'It measures for half a minute, or half an hour.',
    by: 'tools/test',
    words: ['tools/bench ci', 'tools/bench soak'],
  },
  {
    lines: /^tools\/attack\b/,
    reason: 'It attacks for a minute, or for many; its quick part is part of the end-to-end tests.',
    by: 'tools/test',
    words: ['npm run --silent "test:$1"', 'e2e|cluster|packaging|attack'],
  },
  {
    lines: /^routed-plugin (un)?drain /,
    reason: 'A drained host would not announce what the other pages start.',
    isForOneHost: true,
    by: 'e2e/draining.spec.ts',
    words: ['routed-plugin drain web --wait 30s', 'routed-plugin drain --all', 'routed-plugin undrain --all'],
  },
  {
    lines: /^quagga-config (un)?drain \/etc\/frr\/router\.yaml$/,
    reason: 'No router runs on the host of this page.',
    isForOneHost: true,
    by: 'packages/quagga/README.md',
    words: ['quagga-config drain router.yaml', 'quagga-config undrain router.yaml'],
  },
  {
    lines: /^quagga-config (init >|check|plan|apply) \/etc\/frr\/router\.yaml\b/,
    reason: 'The tutorial does it on two hosts.',
    isForOneHost: true,
    by: 'docs/tutorial-ospf.md',
    words: [
      'quagga-config init > /etc/frr/router.yaml',
      'quagga-config check /etc/frr/router.yaml',
      'quagga-config plan /etc/frr/router.yaml',
      "quagga-config apply /etc/frr/router.yaml --allow restart --restart-command 'systemctl restart frr'",
    ],
  },
  {
    lines: /^routed-plugin cleanup /,
    reason: 'What it shows is another host, whose plugin is stopped.',
    by: 'e2e/removal.spec.ts',
    words: ['routed-plugin cleanup', "cleanup('--dry-run')"],
  },
  {
    lines: /^routed-plugin (whois|ping) /,
    reason: 'What it shows are two hosts with routers, and a link with another MTU at its other end.',
    by: 'e2e/cluster/stories/who-and-whether.ts',
    words: ['`whois ${other}`', "'ping c1 --count 1'"],
  },
  {
    lines: /^routed-plugin handover /,
    reason: 'It waits for another host.',
    by: 'tools/lab/src/rolling.ts',
    words: ["'handover'", "'--within'", "'--wait'"],
  },
  {
    lines: /^tools\/bench\b/,
    reason: 'It measures for minutes, and writes into docs/reference/performance.md.',
    by: null,
  },
  {
    lines: /^tools\/setup\b/,
    reason: 'It installs packages on the machine.',
    by: 'tools/test',
    words: ['tools/setup'],
  },
  {
    lines: /^npm ci --ignore-scripts && npm run build$/,
    reason: 'It takes node_modules away under this test.',
    by: 'tools/setup',
    words: ['npm ci --ignore-scripts', 'tsc --build'],
  },
  { lines: /\bnode inspect\b/, reason: 'A debugger waits for somebody.', by: null },
  {
    lines: /^ROUTED_E2E_KEEP=1 |\bNAME\b/,
    reason: 'The name of a lab that stays is another one each time.',
    by: 'tools/lab/README.md',
    words: ['tools/lab/lab exec', 'tools/lab/lab docker', 'tools/lab/lab down'],
  },
  {
    lines: /^tools\/lab\/lab engines --build$/,
    reason: 'It fetches root file systems for minutes.',
    by: 'tools/test',
    words: ['tools/lab/lab engines --build'],
  },
  { lines: /^npm run docs$/, reason: 'It takes a minute.', by: NPM, words: ["'run', 'docs'"] },
  {
    lines: /^npm run docs:site$/,
    reason: 'The site is built every night.',
    by: 'e2e/packaging/site.spec.ts',
    words: ['tools/site/build'],
  },
  { lines: /^npm run coverage$/, reason: 'It is the unit tests once more.', by: null },
  { lines: /^npm install --workspace /, reason: 'It changes package.json.', by: null },
  {
    lines: /^git clone /,
    reason: 'A lab has no way to other machines.',
    by: 'e2e/documentation/fresh-clone.ts',
    words: ['checkout-index'],
  },
  { lines: /^(vagrant up|sudo -i$|cd \/srv\/routed$)/, reason: 'It is for another machine.', by: null },
  {
    lines: /^(mkdir|cp|cd) .*\/srv\/apt\b|^(gpg|apt-ftparchive) /,
    reason: 'It is for a web server, and needs a key.',
    by: null,
  },
  {
    lines: /^tools\/build-deb /,
    reason: 'Packages are built and installed every night.',
    by: DEBIAN,
    words: ['tools/build-deb'],
  },
  {
    lines: /^apt install docker\.io frr$/,
    reason: 'A lab has no way to other machines; both programs are on this one.',
    by: 'tools/setup',
    words: ['docker.io', 'frr'],
  },
  {
    lines: /^(apt install|systemctl) |^(mv|tar) .*\/var\/lib\b/,
    reason: 'There is no systemd on a host of the lab.',
    by: DEBIAN,
    words: ["linesOf('docs/install.md')", "linesOf('docs/operations.md')", 'systemctl restart routed'],
  },
  {
    lines: /^(tools\/build-plugin|docker plugin) |routed:latest/,
    reason: 'The plugin is built every night.',
    by: MANAGED_PLUGIN,
    words: ['tools/build-plugin', 'plugin create routed', 'plugin set routed', 'plugin enable routed', 'routed:latest'],
  },
  {
    lines: /^tools\/build-image |^docker run .* routed-plugin --gateway/,
    reason: 'The image is built every night.',
    by: IMAGE,
    words: [
      'tools/build-image',
      "'BASE=base'",
      '--cap-drop ALL --cap-add NET_ADMIN --cap-add SYS_ADMIN --cap-add NET_RAW',
      '/run/docker/netns:rslave',
      '--privileged --net=host --rm',
    ],
  },
];

/** The row that speaks of a line; undefined when the line is to be run. */
export function elsewhere({ text, on }: TypedLine): Elsewhere | undefined {
  return ELSEWHERE.find(({ lines, isForOneHost }) => lines.test(text) && !(isForOneHost && on !== undefined));
}
