import { posix } from 'node:path';
import { expect } from 'chai';
import { allPages, readPage } from '../../markdown.ts';

const MAP = 'docs/README.md';

describe(`the map of the pages, ${MAP}`, () => {
  it('has each page for readers once, in a list below a heading: the sidebar of the site is made of it', () => {
    const [, ...groups] = readPage(MAP).split('\n## ');
    const listed = groups.flatMap((group) =>
      [...group.matchAll(/^- \[[^\]]+\]\(([^)#]+)\)/gm)].map(([, path = '']) => posix.join('docs', path)),
    );
    const pages = allPages().filter(
      (page) => page.startsWith('docs/') && page !== MAP && !page.startsWith('docs/decisions/'),
    );

    expect(listed).to.include.members(pages);
    expect(new Set(listed).size).to.equal(listed.length);
  });
});
