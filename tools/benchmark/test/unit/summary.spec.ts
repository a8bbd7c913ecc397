import { expect } from 'chai';
import { Figures } from '../../src/report/figures.ts';
import { sizingRows } from '../../src/report/sizing.ts';
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

  it('has whole milliseconds as a range, or as one where all are the same', () => {
    const add = (...ms: number[]): string[][] =>
      rowsOf({
        scenario: 'additional',
        title: '',
        measurements: ms.map((each, index) => ({
          situation: `Docker ${index}`,
          subject: 'routed',
          step: 'address add, until reached from the host',
          us: us(each),
        })),
      });

    expect(add(6.37, 7.7)).to.deep.equal([['another address for a running container', '6 to 8 ms until it answers']]);
    expect(add(4.9, 5.2)).to.deep.equal([['another address for a running container', '5 ms until it answers']]);
  });

  it('compares packets with a bridge, in the last situation', () => {
    const rate = (situation: string, subject: string, value: number): NonNullable<Result['figures']>[number] => ({
      situation,
      subject,
      name: 'TCP, 1 stream',
      unit: 'Gbit/s',
      value,
    });
    const figures = [rate('one host', 'bridge', 1), rate('two', 'routed', 6), rate('two', 'bridge', 4)];

    expect(rowsOf({ scenario: 'packets', title: '', figures })).to.deep.equal([
      ['packets two, compared with a bridge', '1.50 times (TCP, 1 stream)'],
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

describe('sizingRows', () => {
  it('has a row for each number of containers, and nothing where nothing was measured', () => {
    const figure = (name: string, value: number): NonNullable<Result['figures']>[number] => ({
      situation: '10,000',
      subject: 'routed',
      name,
      unit: '',
      value,
    });
    const figures = [figure('all up', 17.3), figure('resident memory, peak', 216.4)];
    const report: Report = { ...stored!, results: [{ scenario: 'burst', title: '', figures }] };

    expect(sizingRows(new Figures([report])).slice(1)).to.deep.equal([['10,000', '216 MB at most', '17 s', '', '']]);
    expect(sizingRows(new Figures([])).slice(1)).to.deep.equal([]);
  });
});
