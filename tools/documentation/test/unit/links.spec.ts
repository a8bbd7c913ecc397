import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { allPages, readPage, REPOSITORY } from '../../markdown.ts';

/** Heading as GitHub makes an anchor of it. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-');
}

describe('links between pages', () => {
  for (const page of allPages()) {
    it(`lead somewhere: ${page}`, () => {
      const text = readPage(page).replace(/^```[\s\S]*?^```/gm, '');
      const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);

      for (const target of targets.filter((each) => !/^[a-z]+:/.test(each))) {
        const [path = '', anchor] = target.split('#');
        const file = path === '' ? `${REPOSITORY}${page}` : join(REPOSITORY, dirname(page), path);
        expect(existsSync(file), target).to.equal(true);
        if (anchor === undefined || !file.endsWith('.md')) continue;
        const anchors = [...readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
          anchorOf(heading),
        );
        expect(anchors, target).to.include(anchor);
      }
    });
  }
});
