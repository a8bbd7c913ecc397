import { expect } from 'chai';
import { Figures } from '../../src/report/figures.ts';
import { summaryRows } from '../../src/report/summary.ts';
import { readStoredResults } from '../../src/report/stored-results.ts';
import type { Report, Result } from '../../src/report/table.ts';

const [stored] = await readStoredResults();
const rowsOf = (...results: Result[]): string[][] => {
  const report: Report = { ...stored!, results };
  return summaryRows(new Figures([report])).slice(1);
};
const us = (ms: number): Readonly<Record<'p10' | 'p50' | 'p90' | 'p99' | 'count', number>> => ({
  p10: 0,
  p50: ms * 1000,
  p90: 0,
  p99: 0,
  count: 1,
});

describe('summaryRows', () => {
  it('compares docker run with a bridge of one’s own, release by release', () => {
    const run = (situation: string, subject: string, ms: number): NonNullable<Result['measurements']>[number] => ({
      situation,
      subject,
      step: 'whole command',
      us: us(ms),
    });
    const measurements = [
      run('Docker 1', 'routed', 110),
      run('Docker 1', 'own bridge', 100),
      run('Docker 2', 'routed', 95),
      run('Docker 2', 'own bridge', 100),
      run('Docker 3', 'routed', 100),
      run('Docker 3', 'own bridge', 100),
      run('Docker 4', 'routed', 100),
    ];

    expect(rowsOf({ scenario: 'docker-run', title: '', measurements })).to.deep.equal([
      [
        '`docker run`, compared with a user-defined bridge',
        '10 % longer (Docker 1), 5 % shorter (Docker 2), as long (Docker 3)',
      ],
    ]);
  });

  it('has the worst restart, and leaves out what was not measured', () => {
    const measurements = [200, 640].map((ms) => ({
      situation: `${ms}`,
      subject: 'routed',
      step: 'sockets answer',
      us: us(ms),
    }));

    expect(rowsOf({ scenario: 'restart', title: '', measurements })).to.deep.equal([
      ['restart of the plugin: calls of Docker wait; packets wait', '0.6 s; never'],
    ]);
  });
});
