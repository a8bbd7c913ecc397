import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '@routed/lab';
import { expect } from 'chai';
import { allPages, REPOSITORY } from '../../tools/documentation/markdown.ts';

describe('the site of the pages', () => {
  let out: string;

  before(async function () {
    this.timeout(600_000);
    out = mkdtempSync('/tmp/routed-site-');
    // A page that links to nothing ends the build.
    await runCommand([`${REPOSITORY}tools/site/build`, '--outDir', out], { timeoutMs: 600_000 });
  });
  after(() => {
    rmSync(out, { recursive: true });
  });

  it('has every page', () => {
    const files = allPages().map((page) => page.replace(/README\.md$/, 'index.md').replace(/\.md$/, '.html'));

    expect(files.filter((file) => !existsSync(join(out, file)))).to.deep.equal([]);
  });

  it('has a search that needs no server, and loads nothing from elsewhere', () => {
    const assets = readdirSync(join(out, 'assets'), { recursive: true }).map(String);
    const home = readFileSync(join(out, 'index.html'), 'utf8');
    const loaded = [...home.matchAll(/<(?:script|link|img)\b[^>]*\b(?:src|href)="([^"]+)"/g)].map(
      ([, url = '']) => url,
    );

    expect(assets.some((name) => name.includes('localSearchIndex'))).to.equal(true);
    expect(loaded).to.not.be.empty;
    expect(loaded.filter((url) => !url.startsWith('/'))).to.deep.equal([]);
  });
});
