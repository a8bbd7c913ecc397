import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';

const REPOSITORY = join(import.meta.dirname, '../../../..');

describe('the documentation in a package', () => {
  let directory: string;

  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'routed-docs-'));
    execFileSync(join(REPOSITORY, 'tools/packaging/stage-docs.sh'), [REPOSITORY, directory]);
  });
  after(() => rmSync(directory, { recursive: true }));

  it('has the pages, the dashboard, the alert rules and the examples', () => {
    for (const file of [
      'README.md',
      'docs/options.md',
      'docs/grafana/routed.json',
      'docs/grafana/alerts.yaml',
      'examples/compose/docker-compose.yml',
    ]) {
      expect(existsSync(join(directory, file)), file).to.equal(true);
    }
  });

  it('has no link to a file that it does not have', () => {
    const pages = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.md'));

    const dangling = pages.flatMap((page) =>
      [...readFileSync(join(directory, page), 'utf8').matchAll(/\]\(([^)#\s]+)/g)]
        .map(([, target = '']) => target)
        .filter((target) => !/^[a-z]+:/.test(target) && !existsSync(join(directory, dirname(page), target)))
        .map((target) => `${page}: ${target}`),
    );

    expect(pages).to.have.length.above(20);
    expect(dangling).to.deep.equal([]);
  });
});
