import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { REPOSITORY, tableRows } from '../../markdown.ts';

/** Tables of promises with a column of tests, by page and heading. */
const TABLES = [
  { page: 'docs/security.md', heading: 'Promises and their tests', least: 20 },
  { page: 'docs/operations.md', heading: 'Without a lost packet', least: 10 },
] as const;

/** A test as the page names it: its title, or a part of it that stands so in the file. */
interface NamedTest {
  readonly title: string;
  readonly file: string;
}

function testsIn(cell: string): NamedTest[] {
  return [...cell.matchAll(/\[([^\]]+)\]\(\.\.\/([^)]+)\)/g)].map(([, title = '', file = '']) => ({ title, file }));
}

/** What stands in a test's file between the quotes of `it(…)`, without the backslashes of quotes. */
function titlesOf(file: string): string[] {
  const source = readFileSync(`${REPOSITORY}${file}`, 'utf8');
  return [...source.matchAll(/\bit\(\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1/g)].map(([, , title = '']) =>
    title.replace(/\\(['"`])/g, '$1'),
  );
}

for (const { page, heading, least } of TABLES)
  describe(`the promises of ${page}`, () => {
    const rows = tableRows(page, heading).filter(([, cell = '']) => !/^tests?$/.test(cell));

    it('are there', () => {
      expect(rows).to.have.length.above(least);
    });

    for (const [promise = '', cell = ''] of rows) {
      it(`have a test: ${promise}`, () => {
        const tests = testsIn(cell);
        expect(tests, 'tests').to.not.be.empty;
        for (const { title, file } of tests)
          expect(
            titlesOf(file).filter((found) => found.includes(title)),
            `"${title}" in ${file}`,
          ).to.not.be.empty;
      });
    }
  });
