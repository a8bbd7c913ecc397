import { expect } from 'chai';
import { SaxesParser } from 'saxes';
import { drawPanels } from '../../src/chart/draw.ts';
import type { Panel } from '../../src/chart/panel.ts';
import { performancePanels } from '../../src/chart/performance-panels.ts';
import { Figures } from '../../src/report/figures.ts';
import { readStoredResults } from '../../src/report/stored-results.ts';
import type { Report, Result } from '../../src/report/table.ts';

interface Box {
  readonly what: string;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

interface Image {
  readonly width: number;
  readonly height: number;
  readonly texts: readonly (Box & { readonly style: string })[];
  readonly bars: readonly (Box & { readonly isOurs: boolean })[];
}

/** Wider than the letters of Verdana and DejaVu Sans are on average, in parts of their size. */
const LETTER = { plain: 0.64, bold: 0.74 };
const SIZES: Readonly<Record<string, number>> = { title: 14, note: 11, group: 11 };

/** Reads an SVG image. @throws if it is not well-formed XML */
function read(svg: string): Image {
  const texts: (Box & { readonly style: string })[] = [];
  const bars: (Box & { readonly isOurs: boolean })[] = [];
  const size = { width: 0, height: 0 };
  const parser = new SaxesParser();
  let open: Readonly<Record<string, string>> | undefined;
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', ({ name, attributes }) => {
    const at = (attribute: string): number => Number(attributes[attribute]);
    if (name === 'svg') Object.assign(size, { width: at('width'), height: at('height') });
    open = name === 'text' ? attributes : undefined;
    if (name !== 'rect' || attributes['class'] === 'paper') return;
    const box = { left: at('x'), right: at('x') + at('width'), top: at('y'), bottom: at('y') + at('height') };
    bars.push({ what: 'bar', ...box, isOurs: attributes['class'] === 'bar ours' });
  });
  parser.on('text', (what) => {
    if (open === undefined || what.trim() === '') return;
    const { class: style = '', x = '', y = '' } = open;
    const fontSize = SIZES[style] ?? 12;
    const width = what.length * fontSize * (style === 'title' || style === 'group' ? LETTER.bold : LETTER.plain);
    const left = style === 'label' ? Number(x) - width : Number(x);
    texts.push({ what, style, left, right: left + width, top: Number(y) - fontSize, bottom: Number(y) + 3 });
    open = undefined;
  });
  parser.write(svg).close();
  return { ...size, texts, bars };
}

function overlaps(boxes: readonly Box[]): string[] {
  return boxes.flatMap((one, index) =>
    boxes
      .slice(index + 1)
      .filter(
        (other) => one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom,
      )
      .map((other) => `${one.what} / ${other.what}`),
  );
}

const packets: Result = {
  scenario: 'packets',
  title: 'packets',
  figures: [
    { subject: 'routed', situation: 'one host', name: 'TCP, 1 stream', unit: 'Gbit/s', value: 3 },
    { subject: 'bridge', situation: 'one host', name: 'TCP, 1 stream', unit: 'Gbit/s', value: 3 },
    { subject: 'routed', situation: 'between hosts', name: 'TCP, 1 stream', unit: 'Gbit/s', value: 9 },
    { subject: 'routed, conntrack off', situation: 'between hosts', name: 'TCP, 1 stream', unit: 'Gbit/s', value: 12 },
    { subject: 'bridge', situation: 'between hosts', name: 'TCP, 1 stream', unit: 'Gbit/s', value: 6 },
    { subject: 'routed', situation: 'between hosts', name: 'connections', unit: '/s', value: 9000 },
    { subject: 'routed', situation: 'between hosts', name: 'UDP of 64 bytes, received', unit: 'kpackets/s', value: 90 },
    { subject: 'bridge', situation: 'between hosts', name: 'UDP of 64 bytes, received', unit: 'kpackets/s', value: 80 },
  ],
};

const stored = await readStoredResults();

describe('the chart of the performance page', () => {
  const withPackets: Report = { ...stored[0]!, results: [packets] };

  for (const [what, reports] of [
    ['the stored results', stored],
    ['those and packets', [...stored, withPackets]],
  ] as const)
    it(`has no text over another or over a bar, and nothing outside the image: ${what}`, () => {
      const { width, height, texts, bars } = read(drawPanels(performancePanels(new Figures(reports))));

      const boxes = [...texts, ...bars];
      expect(texts).to.not.be.empty;
      expect(overlaps(boxes)).to.deep.equal([]);
      for (const { what: text, left, right, top, bottom } of boxes)
        expect(left >= 0 && top >= 0 && right <= width && bottom <= height, text).to.equal(true);
    });

  it('has the medians of the results', () => {
    const { texts } = read(drawPanels(performancePanels(new Figures(stored))));
    const drawn = texts.filter(({ style }) => style === 'value').map(({ what }) => Number(what));

    const starts = stored
      .flatMap(({ results }) => results)
      .filter(({ scenario }) => scenario === 'docker-run')
      .flatMap(({ measurements = [] }) => measurements)
      .filter(({ subject }) => subject !== 'none')
      .map(({ us }) => Number((us.p50 / 1000).toPrecision(3)));

    expect(starts).to.not.be.empty;
    expect(drawn).to.include.members(starts);
  });

  it('compares packets between hosts with the bridge, rate by rate, where the bridge was measured', () => {
    const { groups } = performancePanels(new Figures([withPackets])).at(0)!;

    expect(groups.map(({ title, bars }) => [title, bars.map(({ label, text }) => `${label} ${text}`)])).to.deep.equal([
      ['TCP, 1 stream, between hosts', ['routed 1.50', 'conntrack off 2.00', 'bridge 1.00']],
      ['UDP of 64 bytes, received, between hosts', ['routed 1.13', 'bridge 1.00']],
    ]);
  });

  it('leaves out panels of which nothing was measured', () => {
    expect(performancePanels(new Figures([]))).to.deep.equal([]);
  });
});

describe('drawPanels', () => {
  const panel: Panel = {
    title: 'a < b & "c"',
    note: 'ms',
    groups: [
      {
        bars: [
          { label: 'ours', value: 100, text: '100', isOurs: true },
          { label: 'half', value: 50, text: '50', isOurs: false },
          { label: 'none', value: 0, text: '0', isOurs: false },
        ],
      },
    ],
  };

  it('draws bars as long as their values, and marks ours', () => {
    const { bars } = read(drawPanels([panel]));
    const widths = bars.map(({ left, right }) => right - left);

    expect(widths[1]! / widths[0]!).to.be.closeTo(0.5, 0.01);
    expect(widths[2]).to.equal(1);
    expect(bars.map(({ isOurs }) => isOurs)).to.deep.equal([true, false, false]);
  });

  it('escapes what XML reads otherwise', () => {
    expect(read(drawPanels([panel])).texts[0]!.what).to.equal('a < b & "c"');
  });
});
