import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { drawPanels } from '../chart/draw.ts';
import { performancePanels } from '../chart/performance-panels.ts';
import { fillDocument } from './document.ts';
import { Figures } from './figures.ts';
import type { Report } from './table.ts';

const root = join(import.meta.dirname, '../../../..');
const pages = ['docs/performance.md', 'docs/sizing.md', 'docs/reference/performance.md'];
const chart = 'docs/pictures/performance.svg';

/** A file of the documentation that shows results. */
export interface Page {
  /** From the root of the repository. */
  readonly path: string;
  readonly content: string;
}

/** What the pages and the chart are when they show these results. */
export async function renderPages(reports: readonly Report[]): Promise<Page[]> {
  const filled = pages.map(async (path) => ({
    path,
    content: fillDocument(await readFile(join(root, path), 'utf8'), reports),
  }));
  return [
    ...(await Promise.all(filled)),
    { path: chart, content: drawPanels(performancePanels(new Figures(reports))) },
  ];
}

/** Writes them, and returns their paths. */
export async function writePages(reports: readonly Report[]): Promise<string[]> {
  const rendered = await renderPages(reports);
  for (const { path, content } of rendered) await writeFile(join(root, path), content);
  return rendered.map(({ path }) => path);
}
