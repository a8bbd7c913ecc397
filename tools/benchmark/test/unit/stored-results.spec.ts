import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { renderPages } from '../../src/report/pages.ts';
import { mergeReports, readStoredResults } from '../../src/report/stored-results.ts';
import type { Report } from '../../src/report/table.ts';

const root = join(import.meta.dirname, '../../../..');
const stored = await readStoredResults();
const pages = await renderPages(stored);

describe('the stored results', () => {
  for (const { path, content } of pages)
    it(`are what the documentation shows, else "tools/bench document --stored" writes it: ${path}`, async () => {
      expect(await readFile(join(root, path), 'utf8')).to.equal(content);
    });

  it('have each scenario once', () => {
    const names = stored.flatMap(({ results }) => results.map(({ scenario }) => scenario));

    expect(new Set(names).size).to.equal(names.length);
  });
});

describe('mergeReports', () => {
  const report = (date: string, ...names: string[]): Report => ({
    ...stored[0]!,
    date,
    results: names.map((scenario) => ({ scenario, title: scenario })),
  });
  const contents = (reports: readonly Report[]): string[][] =>
    reports.map(({ date, results }) => [date, ...results.map(({ scenario }) => scenario)]);

  it('keeps of an older report what was not measured again', () => {
    expect(contents(mergeReports([report('1', 'idle', 'burst')], [report('2', 'idle')]))).to.deep.equal([
      ['1', 'burst'],
      ['2', 'idle'],
    ]);
  });

  it('drops a report of which everything was measured again', () => {
    expect(contents(mergeReports([report('1', 'idle')], [report('2', 'idle', 'burst')]))).to.deep.equal([
      ['2', 'idle', 'burst'],
    ]);
  });
});
