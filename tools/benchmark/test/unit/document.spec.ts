import { expect } from 'chai';
import { fillDocument } from '../../src/report/document.ts';
import type { Report, Result } from '../../src/report/table.ts';

const idle: Result = {
  scenario: 'idle',
  title: 'idle host',
  figures: [{ subject: 'routed', name: 'memory', unit: 'MB', value: 82.7 }],
  goals: [{ text: 'memory, at most 70', isMet: false, found: '82.7' }],
};

const report: Report = {
  date: '2026-11-24T18:00:00.000Z',
  machine: {
    cpu: 'CPU',
    cpus: 2,
    architecture: 'x64',
    memoryMb: 1024,
    kernel: '6.1',
    distribution: 'Debian',
    node: 'v20',
    load: 0.5,
  },
  effort: { rounds: 6, isQuick: false },
  results: [idle],
};

describe('fillDocument', () => {
  it('puts the rows of a scenario between its marks, without columns that are empty', () => {
    const text = 'before\n<!-- bench: idle -->\nold\n<!-- /bench -->\nafter';

    expect(fillDocument(text, [report])).to.equal(
      [
        'before',
        '<!-- bench: idle -->',
        '',
        '| scenario  | subject | step   |  p50 | unit |',
        '| :-------- | :------ | :----- | ---: | ---: |',
        '| idle host | routed  | memory | 82.7 |   MB |',
        '',
        '<!-- /bench -->',
        'after',
      ].join('\n'),
    );
  });

  it('puts in goals and the machine', () => {
    const text = '<!-- bench: machine -->\n<!-- /bench -->\n<!-- bench: goals -->\n<!-- /bench -->';

    const filled = fillDocument(text, [report]);

    expect(filled).to.contain('- 2026-11-24, 2 x CPU, Linux 6.1, Debian, Node v20, load 0.5; 6 rounds of idle.');
    expect(filled).to.contain('| memory, at most 70 | **missed**: 82.7 |');
  });

  it('leaves a block alone of which nothing was measured', () => {
    const text = '<!-- bench: burst -->\nold\n<!-- /bench -->';

    expect(fillDocument(text, [report])).to.equal(text);
  });

  it('takes a scenario from the last report that has it', () => {
    const later = { ...report, results: [{ ...idle, figures: [{ ...idle.figures![0]!, value: 60 }] }] };

    expect(fillDocument('<!-- bench: idle -->\n<!-- /bench -->', [report, later])).to.contain('60.0');
  });

  it('puts the figures of packets side by side, a table for each situation, below the machine of their run', () => {
    const figure = { name: 'connections', unit: '/s', situation: 'one host' };
    const ratio = { median: 1.03, min: 0.99, max: 1.1 };
    const packets: Result = {
      scenario: 'packets',
      title: 'packets',
      figures: [
        { ...figure, subject: 'routed', value: 6938, ratio },
        { ...figure, subject: 'bridge', value: 6807 },
        { ...figure, situation: 'between hosts', subject: 'routed', value: 5642 },
      ],
    };

    const filled = fillDocument('<!-- bench: packets -->\n<!-- /bench -->', [{ ...report, results: [idle, packets] }]);

    expect(filled).to.contain('load 0.5; 6 rounds of packets.\n');
    expect(filled).to.contain('| one host    | unit | routed | bridge |    routed to bridge |');
    expect(filled).to.contain('| connections |   /s |   6938 |   6807 | 1.03 (0.99 to 1.10) |');
    expect(filled).to.contain('| connections   |   /s |   5642 |                  |');
  });

  it('is the same when filled twice', () => {
    const once = fillDocument('<!-- bench: idle goals -->\n<!-- /bench -->', [report]);

    expect(fillDocument(once, [report])).to.equal(once);
  });
});
