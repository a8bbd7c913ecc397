import { expect } from 'chai';
import { Metrics } from '../../../../packages/daemon/src/metrics/metrics.ts';
import { wiredDaemon } from '../../../../packages/driver/test/unit/support/wired.ts';
import { codeSpans, readPage, tableRows } from '../../markdown.ts';

const PAGE = 'docs/metrics.md';
const DASHBOARD = 'docs/grafana/routed.json';

/** What a Prometheus that scrapes a daemon knows: types by names, and the names that can be queried. */
async function scrape(): Promise<{ readonly types: Map<string, string>; readonly queried: Set<string> }> {
  const metrics = new Metrics();
  const daemon = await wiredDaemon({ metrics });
  metrics.watch(() => daemon.parts.status.counts());
  const { text } = await metrics.render();
  await daemon.stop();
  metrics.stop();
  const types = new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => [name, type]));
  const series = (name: string, type: string): string[] =>
    type === 'histogram' ? [`${name}_bucket`, `${name}_count`, `${name}_sum`] : [name];
  return { types, queried: new Set([...types].flatMap(([name, type]) => series(name, type))) };
}

/** Names of metrics, which all start so. */
function namesIn(query: string): string[] {
  return query.match(/\b(?:routed|process)_\w+/g) ?? [];
}

interface Panel {
  readonly title: string;
  readonly targets: readonly { readonly expr: string }[];
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
}

describe(PAGE, () => {
  it('has every metric with its type, and no other', async () => {
    const { types } = await scrape();

    const documented = tableRows(PAGE)
      .filter(([, type = '']) => ['gauge', 'counter', 'histogram'].includes(type))
      .map(([name = '', type = '']) => [name.replaceAll('`', ''), type]);

    expect(Object.fromEntries(documented)).to.deep.equal(Object.fromEntries(types));
  });

  it('has the labels that are there', async () => {
    const metrics = new Metrics();
    metrics.onCall('NetworkDriver.Join', 'ok', 0.001);
    metrics.countRepair('route');
    const { text } = await metrics.render();
    metrics.stop();

    for (const [name = '', , labels = ''] of tableRows(PAGE).slice(0, 20)) {
      const [, found] = new RegExp(`^${codeSpans(name)[0] ?? 'none'}(?:_count)?\\{([^}]*)\\}`, 'm').exec(text) ?? [];
      if (found === undefined) continue;
      expect(codeSpans(labels).sort(), name).to.deep.equal(
        [...found.matchAll(/(\w+)="/g)].map(([, key]) => key).sort(),
      );
    }
  });

  it('uses only metrics that exist in its alerts', async () => {
    const { queried } = await scrape();
    const asked = namesIn(
      tableRows(PAGE, 'Alerts')
        .map(([alarm]) => alarm)
        .join('\n'),
    );

    expect(asked).not.to.be.empty;
    for (const name of asked) expect([...queried]).to.include(name);
  });
});

describe(DASHBOARD, () => {
  const { panels, title } = JSON.parse(readPage(DASHBOARD)) as {
    readonly panels: readonly Panel[];
    readonly title: string;
  };

  it('asks in every panel for metrics that are there', async () => {
    const { queried } = await scrape();

    expect(title).to.equal('routed');
    for (const panel of panels) {
      const names = panel.targets.flatMap(({ expr }) => namesIn(expr));
      expect(names, panel.title).not.to.be.empty;
      for (const name of names) expect([...queried], panel.title).to.include(name);
    }
  });

  it('shows every metric', async () => {
    const { types } = await scrape();
    const shown = panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => namesIn(expr)));

    for (const name of types.keys())
      expect(
        shown.some((each) => each.startsWith(name)),
        name,
      ).to.equal(true);
  });

  it('has panels beside each other, not on each other', () => {
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)} ${y + Math.floor(index / w)}`),
    );

    expect(new Set(cells)).to.have.lengthOf(cells.length);
  });
});
