import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { spread } from '../statistics.ts';
import type { Figure, Outcome, Scenario, Setting } from './scenario.ts';

const run = promisify(execFile);
const program = join(import.meta.dirname, '../../../../packages/ipam/bench/allocation.bench.ts');
const fills = ['/12 10 %', '/12 99.9 %'] as const;
/** A million leases are loaded each time. */
const mostRounds = { full: 5, quick: 1 } as const;

/** One line of the program's report. */
interface Row {
  readonly pool: string;
  readonly requestNs: number;
  readonly releaseNs: number;
  readonly heapMb: number;
}

/** What the allocator takes by itself in a pool that is nearly empty and in one that is nearly full. */
export const allocationScenario: Scenario = {
  name: 'allocation',
  title: 'allocation in a /12',
  run: async ({ effort, log }: Setting): Promise<Outcome> => {
    const rounds = Math.min(effort.rounds, effort.isQuick ? mostRounds.quick : mostRounds.full);
    const rows: Row[] = [];
    for (let round = 0; round < rounds; round++) {
      log(`round ${round + 1} of ${rounds}`);
      const { stdout } = await run(process.execPath, ['--import=tsx', program, '--json', ...fills]);
      rows.push(...(JSON.parse(stdout) as Row[]));
    }
    return { figures: fills.flatMap((fill) => figuresOf(rows.filter(({ pool }) => pool === fill))) };
  },
};

function figuresOf(rows: readonly Row[]): Figure[] {
  const figure = (name: string, unit: string, pick: (row: Row) => number): Figure => ({
    ...spread(rows.map(pick)),
    situation: `${rows[0]?.pool.replace('/12 ', '') ?? ''} full`,
    subject: 'ipam, memory store',
    name,
    unit,
  });
  return [
    figure('request', 'us', ({ requestNs }) => requestNs / 1000),
    figure('release', 'us', ({ releaseNs }) => releaseNs / 1000),
    figure('heap of the leases', 'MB', ({ heapMb }) => heapMb),
  ];
}
