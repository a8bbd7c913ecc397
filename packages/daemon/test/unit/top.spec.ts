import { expect } from 'chai';
import { exampleEndpoint, exampleReport } from '../../../driver/test/unit/support/example-report.ts';
import { linkCounters } from '../../src/top/link-counters.ts';
import { type Sample, topRows } from '../../src/top/rows.ts';
import { keyMeaning, rateText, topCells, topHead } from '../../src/top/text.ts';

const HEAD = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
`;

const WEB = {
  ...exampleEndpoint,
  id: 'e1',
  link: 'vethr1',
  container: 'web',
  network: 'apps',
  rateOut: '1mbit burst 1m',
};
const JOB = { ...exampleEndpoint, id: 'e2', link: 'vethr2', container: 'job', network: 'apps' };
const NAMELESS = { ...exampleEndpoint, id: 'e3'.padEnd(64, '0'), networkId: 'n2'.padEnd(64, '0'), link: 'vethr3' };
const IDLE = { id: 'e4', networkId: 'n1', link: 'vethr4', addresses: [], mac: '', gateways: [], container: 'idle' };
const REPORT = {
  ...exampleReport,
  endpoints: [WEB, JOB, NAMELESS, IDLE],
  lists: [
    { endpointId: 'e2', container: 'job', network: 'apps', direction: 'ingress', examined: 9, refused: 3 },
    { endpointId: 'e2', container: 'job', network: 'apps', direction: 'egress', examined: 9, refused: 4 },
  ] as const,
};

/** Bytes and packets to each container and from it, by link. */
function sampleOf(atMs: number, counts: Readonly<Record<string, readonly [number, number, number, number]>>): Sample {
  const counters = Object.entries(counts).map(([link, [inBytes, inPackets, outBytes, outPackets]]) => {
    return [link, { inBytes, inPackets, outBytes, outPackets }] as const;
  });
  return { atMs, counters: new Map(counters) };
}

const BEFORE = sampleOf(1_000, { vethr1: [0, 0, 1_000, 10], vethr2: [5_000, 50, 0, 0], vethr4: [0, 0, 0, 0] });
const AFTER = sampleOf(3_000, {
  vethr1: [1_000, 4, 126_000, 110],
  vethr2: [2_000, 20, 0, 0],
  vethr3: [500, 5, 0, 0],
  vethr4: [9, 9, 9, 9],
});

describe('what the kernel counts for links', () => {
  it('is read from the side of the container, also with no space before the first number', () => {
    const text = `${HEAD}    lo:       1    2    0    0    0     0          0         0        3       4    0    0    0     0       0          0
vethr0123456789:1234567890 12 0 0 0 0 0 0 99 7 0 0 0 0 0 0
`;

    expect([...linkCounters(text)]).to.deep.equal([
      ['lo', { outBytes: 1, outPackets: 2, inBytes: 3, inPackets: 4 }],
      ['vethr0123456789', { outBytes: 1234567890, outPackets: 12, inBytes: 99, inPackets: 7 }],
    ]);
  });

  it('is nothing where the text is something else', () => {
    expect([...linkCounters('')]).to.deep.equal([]);
    expect([...linkCounters('eth0: 1 2\nnonsense\n')]).to.deep.equal([]);
  });
});

describe('the rows of top', () => {
  const rows = topRows(REPORT, [BEFORE, AFTER], { sort: 'in' });

  it('are rates between two samples, and nothing of endpoints in no container', () => {
    expect(rows.map(({ container }) => container)).to.deep.equal(['job', 'web', 'e3'.padEnd(12, '0')]);
    expect(rows[1]).to.deep.equal({
      container: 'web',
      network: 'apps',
      addresses: ['10.1.0.2'],
      link: 'vethr1',
      inBitsPerSec: 4_000,
      outBitsPerSec: 500_000,
      inPacketsPerSec: 2,
      outPacketsPerSec: 50,
      refused: 0,
      limitUse: 0.5,
    });
  });

  it('count a link that was made, or made anew, from 0', () => {
    expect(rows[0]).to.include({ inBitsPerSec: 8_000, inPacketsPerSec: 10, refused: 7 });
    expect(rows[2]).to.include({ inBitsPerSec: 2_000, network: 'n2'.padEnd(12, '0') });
  });

  it('are in the order that is asked for', () => {
    const order = (sort: Parameters<typeof topRows>[2]['sort']): string =>
      topRows(REPORT, [BEFORE, AFTER], { sort })
        .map(({ container }) => container.slice(0, 3))
        .join(' ');

    expect(order('out')).to.equal('web e30 job');
    expect(order('packets')).to.equal('web job e30');
    expect(order('refused')).to.equal('job e30 web');
    expect(order('limit')).to.equal('web e30 job');
    expect(order('name')).to.equal('e30 job web');
  });

  it('are of one network where that is asked for', () => {
    const of = (network: string): number => topRows(REPORT, [BEFORE, AFTER], { sort: 'in', network }).length;

    expect([of('apps'), of('n2'), of('other')]).to.deep.equal([2, 1, 0]);
  });

  it('are no rates where no time has passed', () => {
    const [row] = topRows(REPORT, [BEFORE, { ...AFTER, atMs: BEFORE.atMs }], { sort: 'name', network: 'apps' });

    expect(row?.inBitsPerSec).to.equal(0);
  });
});

describe('the text of top', () => {
  it('has three digits and a prefix', () => {
    const texts = [0, 7.4, 999.4, 999.6, 1_500, 99_940, 99_960, 123_456_789, 5e15];

    expect(texts.map(rateText)).to.deep.equal(['0', '7', '999', '1.0k', '1.5k', '99.9k', '100k', '123M', '5000T']);
  });

  it('marks the column that rows are sorted by, and shortens addresses', () => {
    const [row] = topRows(REPORT, [BEFORE, AFTER], { sort: 'limit' });

    expect(topHead('out').join('|')).to.equal('CONTAINER|NETWORK|ADDRESS|IN BIT/S|OUT BIT/S*|PACKETS/S|REFUSED|LIMIT');
    expect(row && topCells({ ...row, addresses: ['10.1.0.2', 'fd00::2'] })).to.deep.equal([
      'web',
      'apps',
      '10.1.0.2 +1',
      '4.0k',
      '500k',
      '52',
      '0',
      '50%',
    ]);
  });

  it('knows what keys mean', () => {
    expect(['q', '\u0003', 'I', 'o', 'p', 'r', 'l', 'n', 'x', ''].map(keyMeaning)).to.deep.equal([
      'quit',
      'quit',
      ...['in', 'out', 'packets', 'refused', 'limit', 'name'],
      undefined,
      undefined,
    ]);
  });
});
