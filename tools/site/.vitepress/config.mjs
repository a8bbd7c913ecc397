import { existsSync, readFileSync, statSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';

const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url));
const SOURCES = 'https://github.com/routed/routed/blob/main';

export default {
  title: 'routed',
  description: 'A Docker network and IPAM plugin that gives every container its own routable address',
  srcDir: '../..',
  outDir: '../../docs/site',
  cacheDir: 'node_modules/.cache',
  srcExclude: ['docs/api/**', 'docs/site/**', '**/test/**', '**/coverage/**'],
  rewrites: (page) => page.replace(/(^|\/)README\.md$/, '$1index.md'),
  lastUpdated: false,
  vite: { plugins: [{ name: 'site-vue', enforce: 'pre', resolveId: findVue }] },
  markdown: {
    linkify: false,
    languageAlias: { frr: 'ini' },
    config(markdown) {
      markdown.core.ruler.push('site-links', adaptLinks);
      markdown.core.ruler.push('site-code', keepBraces);
    },
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    sidebar: sidebar(),
    nav: [
      { text: 'How it works', link: '/docs/concepts' },
      { text: 'Tutorial', link: '/docs/tutorial-ospf' },
      { text: 'Operations', link: '/docs/operations' },
      { text: 'Options', link: '/docs/options' },
    ],
    socialLinks: [{ icon: 'github', link: 'https://github.com/routed/routed' }],
  },
};

/** The pages lie outside of the folder that has Vue: what renders them is loaded from there when it runs. */
function findVue(id, _page, { ssr }) {
  return ssr && /^vue(\/|$)/.test(id) ? { id, external: true } : null;
}

/** The map of all pages, docs/README.md, as it is read there: headings, and a list of links below each. */
function sidebar() {
  const [, ...groups] = readFileSync(`${REPOSITORY}docs/README.md`, 'utf8').split('\n## ');
  return groups.map((group) => ({
    text: group.split('\n')[0],
    items: [...group.matchAll(/^- \[([^\]]+)\]\(([^)#]+)\)/gm)].map(([, text, path]) => ({
      text,
      link: `/${posix.join('docs', path).replace(/(README)?\.md$/, '')}`,
    })),
  }));
}

/** Pages link to files as they lie in the repository: a folder is its README here, and what is no page is elsewhere. */
function adaptLinks({ tokens, env }) {
  for (const token of tokens.flatMap(({ children }) => children ?? []).filter(({ type }) => type === 'link_open')) {
    const [, path, anchor] = /^([^#]*)(#.*)?$/.exec(token.attrGet('href'));
    if (path === '' || /^[a-z]+:/.test(path)) continue;
    token.attrSet('href', `${linkTo(path, env.path)}${anchor ?? ''}`);
  }
}

/** What stands between backticks is no template of Vue, such as `{{.Id}}`. */
function keepBraces({ tokens }) {
  for (const token of tokens.flatMap(({ children }) => children ?? [])) {
    if (token.type === 'code_inline') token.attrSet('v-pre', '');
  }
}

function linkTo(path, page) {
  const target = posix.join(posix.dirname(page), path);
  const isFolder = existsSync(target) && statSync(target).isDirectory();
  if (isFolder && existsSync(`${target}/README.md`)) return `${path.replace(/\/$/, '')}/index.md`;
  if (isFolder || !path.endsWith('.md')) return `${SOURCES}/${posix.relative(REPOSITORY, target)}`;
  return path.replace(/(^|\/)README\.md$/, '$1index.md');
}
