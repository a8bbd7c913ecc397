import { markdownTable } from 'markdown-table';
import { referenceName, routedName } from '../packets/subjects.ts';
import type { Figure } from '../scenarios/scenario.ts';
import { short } from './goals.ts';
import { renderRatio } from './table.ts';

/** Figures with a column for each subject and a table for each situation, as Markdown: many subjects of which the same was measured. */
export function renderSideBySide(figures: readonly Figure[]): string {
  const situations = distinct(figures.map(({ situation = '' }) => situation));
  return situations
    .map((name) =>
      renderSituation(
        name,
        figures.filter(({ situation = '' }) => situation === name),
      ),
    )
    .join('\n\n');
}

function renderSituation(situation: string, figures: readonly Figure[]): string {
  const subjects = distinct(figures.map(({ subject }) => subject));
  const rows = distinct(figures.map(({ name }) => name)).map((name) => {
    const of = (subject: string): Figure | undefined =>
      figures.find((figure) => figure.name === name && figure.subject === subject);
    const cells = subjects.map((subject) => {
      const value = of(subject)?.value;
      return value === undefined ? '' : short(value);
    });
    const routed = of(routedName);
    return [name, routed?.unit ?? '', ...cells, renderRatio(routed?.ratio)];
  });
  const head = [situation, 'unit', ...subjects, `${routedName} to ${referenceName}`];
  return markdownTable([head, ...rows], { align: head.map((_, column) => (column === 0 ? 'l' : 'r')) });
}

function distinct(names: readonly string[]): string[] {
  return [...new Set(names)];
}
