import type { Figures } from './figures.ts';

const HEAD = [
  'containers on the host',
  'memory of the plugin',
  'all start at once',
  'restart: calls wait',
  'restart: all compared',
];

/** The rows of docs/sizing.md, with a head: one for each number of containers that something was measured with. */
export function sizingRows(figures: Figures): string[][] {
  return [HEAD, ...idleRows(figures), ...restartRows(figures), ...burstRows(figures)];
}

function idleRows(figures: Figures): string[][] {
  const memory = figures.find({ scenario: 'start', subject: 'routed', step: 'resident memory, idle' });
  const answer = figures.find({ scenario: 'start', subject: 'routed', step: 'start to first answer' });
  return memory === undefined ? [] : [['none', megabytes(memory), '', seconds(answer), '']];
}

function restartRows(figures: Figures): string[][] {
  const scenario = 'restart';
  return figures.situations(scenario).map((situation) => {
    const find = (step: string): number | undefined => figures.find({ scenario, situation, subject: 'routed', step });
    const memory = megabytes(find('resident memory'));
    return [situation, memory, '', seconds(find('sockets answer')), seconds(find('reconciled'))];
  });
}

function burstRows(figures: Figures): string[][] {
  const scenario = 'burst';
  return figures.situations(scenario).map((situation) => {
    const find = (step: string): number | undefined => figures.find({ scenario, situation, subject: 'routed', step });
    const all = find('all up');
    return [
      situation,
      `${megabytes(find('resident memory, peak'))} at most`,
      all === undefined ? '' : `${all.toFixed(0)} s`,
      '',
      '',
    ];
  });
}

function megabytes(value: number | undefined): string {
  return value === undefined ? '' : `${value.toFixed(0)} MB`;
}

function seconds(ms: number | undefined): string {
  return ms === undefined ? '' : `${(ms / 1000).toFixed(1)} s`;
}
