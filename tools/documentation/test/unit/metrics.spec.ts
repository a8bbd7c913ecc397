import { expect } from 'chai';
import { parse } from 'yaml';
import type { RouterReport } from '../../../../packages/quagga/src/show/neighbor-watch.ts';
import { Metrics } from '../../../../packages/daemon/src/metrics/metrics.ts';
import { wiredDaemon } from '../../../../packages/driver/test/unit/support/wired.ts';
import { codeSpans, readPage, tableRows } from '../../markdown.ts';

const PAGE = 'docs/metrics.md';
/** Of metrics; a row with another second column is in another table. */
const TYPES: readonly string[] = ['gauge', 'counter', 'histogram'];
const DASHBOARD = 'docs/grafana/routed.json';
const RULES = 'docs/grafana/alerts.yaml';
/** What routers say on every host where this is asked for. */
const ROUTERS: RouterReport = {
  daemons: [{ daemon: 'bgpd', answers: true }],
  neighbors: [
    {
      protocol: 'bgp',
      neighbor: 'eth1',
      link: '',
      state: 'Established',
      isUp: true,
      upSec: 9,
      flaps: 1,
      lastError: 'Waiting for NHT',
      prefixes: [{ family: 'ipv4', received: 3, sent: 2, limit: { prefixes: 10, endsSession: true } }],
      packets: { received: 1, sent: 1 },
    },
  ],
};

const COUNT = { bytes: 0, packets: 0, dropped: 0, delayed: 0, waitingBytes: 0 } as const;

const NAMES = {
  way: 'nft',
  links: 1,
  open: 2,
  lost: 0,
  counters: { questions: 3, answers: 3, unasked: 0, unreadable: 0, closed: 1 },
} as const;

/** What a Prometheus that scrapes a daemon knows: types by names, and the names that can be queried. */
async function scrape(): Promise<{ readonly types: Map<string, string>; readonly queried: Set<string> }> {
  const metrics = new Metrics();
  const daemon = await wiredDaemon({ metrics });
  const { status } = daemon.parts;
  metrics.watch({
    counts: () => status.counts(),
    connectionsLeft: () => Promise.resolve(0),
    limits: () => Promise.resolve([]),
    names: () => Promise.resolve(NAMES),
    addresses: () => status.addresses(),
    lists: () => status.lists(),
    routers: () => Promise.resolve(ROUTERS),
  });
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
      .filter(([, type = '']) => TYPES.includes(type))
      .map(([name = '', type = '']) => [name.replaceAll('`', ''), type]);

    expect(Object.fromEntries(documented)).to.deep.equal(Object.fromEntries(types));
  });

  it('has the labels that are there', async () => {
    const metrics = new Metrics();
    const daemon = await wiredDaemon({ metrics });
    const { status } = daemon.parts;
    const addresses = [{ address: '10.1.0.2', network: 'n', container: 'web', isAnnounced: true }];
    const announcements = [{ policy: 'always', isAnnounced: true, reason: 'always', endpoints: 1 }];
    metrics.watch({
      counts: () => ({ ...status.counts(), announcements }),
      connectionsLeft: () => Promise.resolve(0),
      limits: () =>
        Promise.resolve([
          { network: 'n', container: 'web', direction: 'in', bitsPerSec: 8_000, count: COUNT } as const,
        ]),
      names: () => Promise.resolve(NAMES),
      addresses: () => addresses,
      routers: () => Promise.resolve(ROUTERS),
    });
    metrics.onCall('NetworkDriver.Join', 'ok', 0.001);
    metrics.countRepair('route');
    const { text } = await metrics.render();
    await daemon.stop();
    metrics.stop();

    for (const [name = '', type = '', labels = ''] of tableRows(PAGE)) {
      if (!TYPES.includes(type)) continue;
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

describe(RULES, () => {
  it('has the alerts of the page, and no other', () => {
    const { groups } = parse(readPage(RULES)) as {
      readonly groups: readonly { readonly rules: readonly { readonly expr: string; readonly for?: string }[] }[];
    };
    const rules = groups.flatMap(({ rules: own }) => own);
    const told = tableRows(PAGE, 'Alerts')
      .filter(([alarm = '']) => alarm.startsWith('`'))
      .map(([alarm = '']) => ({ expr: codeSpans(alarm)[0], lasts: alarm.includes('` for ') }));

    expect(told).not.to.be.empty;
    expect(rules.map(({ expr, for: lasts }) => ({ expr, lasts: lasts !== undefined }))).to.have.deep.members(told);
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
