import type { Figures } from './figures.ts';

/** One line of a page of results; `undefined` if what it is about was not measured. */
type Line = (figures: Figures) => readonly [what: string, figure: string] | undefined;

/** The rows of docs/performance.md, with a head: what a user asks, and the figure rounded to what it is good for. */
export function summaryRows(figures: Figures): string[][] {
  const rows = lines.flatMap((line) => {
    const row = line(figures);
    return row === undefined ? [] : [[...row]];
  });
  return [['what', 'figure'], ...rows];
}

const lines: readonly Line[] = [
  (figures) => {
    const scenario = 'packets';
    const situation = figures.situations(scenario).at(-1);
    if (situation === undefined) return undefined;
    const times = ['TCP, 1 stream', 'UDP of 64 bytes, received'].flatMap((step) => {
      const [ours, theirs] = ['routed', 'bridge'].map((subject) =>
        figures.find({ scenario, situation, subject, step }),
      );
      return ours === undefined || theirs === undefined ? [] : [`${(ours / theirs).toFixed(2)} times (${step})`];
    });
    return times.length === 0 ? undefined : [`packets ${situation}, compared with a bridge`, times.join(', ')];
  },
  (figures) => {
    const releases = figures.situations('docker-run').flatMap((situation) => {
      const [ours, theirs] = ['routed', 'own bridge'].map((subject) =>
        figures.find({ scenario: 'docker-run', situation, subject, step: 'whole command' }),
      );
      return ours === undefined || theirs === undefined ? [] : [`${difference(ours / theirs)} (${situation})`];
    });
    return releases.length === 0
      ? undefined
      : ['`docker run`, compared with a user-defined bridge', releases.join(', ')];
  },
  (figures) => {
    const [up, down] = ['up', 'down'].map((step) => figures.find({ scenario: 'idle', subject: 'routed', step }));
    return up === undefined || down === undefined
      ? undefined
      : ["the plugin's part of a container's start; of its end", `${up.toFixed(1)} ms; ${down.toFixed(1)} ms`];
  },
  (figures) => {
    const scenario = 'additional';
    const step = 'address add, until reached from the host';
    const times = figures
      .situations(scenario)
      .flatMap((situation) => figures.find({ scenario, situation, subject: 'routed', step }) ?? []);
    return times.length === 0
      ? undefined
      : ['another address for a running container', `${range(times)} ms until it answers`];
  },
  (figures) => {
    const scenario = 'burst';
    const [situation] = figures.situations(scenario);
    if (situation === undefined) return undefined;
    const seconds = figures.find({ scenario, situation, subject: 'routed', step: 'all up' });
    return seconds === undefined
      ? undefined
      : [`${situation} containers at once: all have a link`, `${seconds.toFixed(0)} s`];
  },
  (figures) => {
    const scenario = 'restart';
    const times = figures
      .situations(scenario)
      .flatMap((situation) => figures.find({ scenario, situation, subject: 'routed', step: 'sockets answer' }) ?? []);
    return times.length === 0
      ? undefined
      : [
          'restart of the plugin: calls of Docker wait; packets wait',
          `${(Math.max(...times) / 1000).toFixed(1)} s; never`,
        ];
  },
  (figures) => {
    const idle = figures.find({ scenario: 'start', subject: 'routed', step: 'resident memory, idle' });
    const count = figures.situations('restart').at(-1);
    if (idle === undefined || count === undefined) return undefined;
    const full = figures.find({ scenario: 'restart', situation: count, subject: 'routed', step: 'resident memory' });
    return full === undefined
      ? undefined
      : [`memory of the plugin: at rest; with ${count} containers`, `${idle.toFixed(0)} MB; ${full.toFixed(0)} MB`];
  },
];

/** Whole percent. */
function difference(ratio: number): string {
  const percent = Math.round((ratio - 1) * 100);
  if (percent === 0) return 'as long';
  return percent > 0 ? `${percent} % longer` : `${-percent} % shorter`;
}

function range(values: readonly number[]): string {
  const [least, most] = [Math.round(Math.min(...values)), Math.round(Math.max(...values))];
  return least === most ? `${least}` : `${least} to ${most}`;
}
