import { type Dialect, DIALECTS, parseDocument, render } from '@routed/quagga';
import { spread } from '../statistics.ts';
import type { Outcome, Scenario, Setting } from './scenario.ts';

const models = { full: 1000, quick: 100 } as const;

/** Router configurations for so many hosts, from the document to the text of the files. */
export const renderScenario: Scenario = {
  name: 'render',
  title: 'router configurations',
  run: ({ effort }: Setting): Promise<Outcome> => {
    const count = effort.isQuick ? models.quick : models.full;
    const figures = DIALECTS.map((dialect) => {
      renderAll(dialect, count);
      const seconds = Array.from({ length: effort.rounds }, () => renderAll(dialect, count));
      const name = `${count.toLocaleString('en')} documents to files, ${dialect}`;
      return { ...spread(seconds), subject: 'quagga-config', name, unit: 's' };
    });
    return Promise.resolve({ figures });
  },
};

function renderAll(dialect: Dialect, count: number): number {
  const started = performance.now();
  for (let number = 0; number < count; number++) render(parseDocument(document(number), dialect).model, dialect);
  return (performance.now() - started) / 1000;
}

/** A host between two to five routers, unlike every other. */
function document(number: number): Record<string, unknown> {
  const links = Array.from({ length: 2 + (number % 4) }, (_, link) => `eth${link + 1}`);
  return {
    preset: 'lan',
    hostname: `h${number}`,
    routerId: `10.112.${number >> 8}.${number & 255}`,
    containers: [`10.${number % 200}.0.0/16`],
    interfaces: Object.fromEntries(links.map((link) => [link, {}])),
  };
}
