import type { TypedLine } from '../../tools/documentation/commands.ts';

/** Commands of the pages that this test does not run: why, and what does. */
export interface Elsewhere {
  /** What such a line begins with. */
  readonly lines: RegExp;
  readonly reason: string;
  /** The file that runs it; null when nothing does. */
  readonly by: string | null;
  /** What that file has of the command. */
  readonly words?: readonly string[];
}

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
    lines: /^npm ci --ignore-scripts && npm run build$/,
    reason: 'It takes node_modules away under this test.',
    by: 'tools/setup',
    words: ['npm ci --ignore-scripts', 'tsc --build'],
  },
  { lines: /^tools\/setup/, reason: 'It installs packages on the machine.', by: 'tools/test', words: ['tools/setup'] },
  {
    lines: /^tools\/build-deb /,
    reason: 'Packages are built and installed every night.',
    by: DEBIAN,
    words: ['tools/build-deb'],
  },
  {
    lines: /^(apt install|systemctl) /,
    reason: 'There is no systemd on a host of the lab.',
    by: DEBIAN,
    words: ['dpkg --install', 'systemctl restart routed'],
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
    words: ['tools/build-image'],
  },
  {
    lines: /^npm install @routed|^npx routed-plugin/,
    reason: 'The packages are not published yet; they are packed and installed every night.',
    by: NPM,
    words: ['installInto', "npx('routed-plugin'"],
  },
];

/** The row that speaks of a line; undefined when the line is to be run. */
export function elsewhere({ text }: TypedLine): Elsewhere | undefined {
  return ELSEWHERE.find(({ lines }) => lines.test(text));
}
