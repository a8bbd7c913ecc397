import type { Figures } from '../report/figures.ts';
import { short } from '../report/goals.ts';
import type { Bar, Group, Panel } from './panel.ts';

/** What a reader asks first. A panel of which nothing was measured is left out, and so is a single bar. */
export function performancePanels(figures: Figures): Panel[] {
  const panels: Panel[] = [
    {
      title: 'Start and end of a container',
      note: 'docker run --rm alpine true, ms; short is good',
      groups: containerGroups(figures),
    },
    {
      title: 'Set-up of one link',
      note: 'address, link and route, ms; short is good',
      groups: linkGroups(figures),
    },
    {
      title: 'Packets, compared with a bridge',
      note: 'times what Docker’s bridge does; long is good',
      groups: packetGroups(figures),
    },
    {
      title: 'Restart of the plugin',
      note: 'ms until it answers Docker; packets never wait',
      groups: restartGroups(figures),
    },
    {
      title: 'Memory of the plugin',
      note: 'resident, MB; short is good',
      groups: memoryGroups(figures),
    },
  ];
  return panels.filter(({ groups }) => groups.length > 0);
}

/** Subjects of `docker run`, and what readers call them. */
const networks: readonly (readonly [subject: string, label: string])[] = [
  ['routed', 'routed'],
  ['own bridge', 'own bridge'],
  ['bridge', 'default bridge'],
  ['macvlan', 'macvlan'],
];

function containerGroups(figures: Figures): Group[] {
  const scenario = 'docker-run';
  return figures.situations(scenario).flatMap((situation) => {
    const bars = networks.flatMap(([subject, label]) =>
      bar(label, subject === 'routed', figures.find({ scenario, situation, subject, step: 'whole command' })),
    );
    return group(bars, situation);
  });
}

const makers: readonly (readonly [subject: string, label: string])[] = [
  ['routed', 'routed'],
  ['C floor', 'C program'],
  ['ip -batch', 'ip -batch'],
  ['CNI ptp', 'CNI ptp'],
];

function linkGroups(figures: Figures): Group[] {
  const bars = makers.flatMap(([subject, label]) =>
    bar(label, subject === 'routed', figures.find({ scenario: 'idle', subject, step: 'up' })),
  );
  return group(bars);
}

/** What a packet's way is compared with. */
const REFERENCE = 'bridge';

function packetGroups(figures: Figures): Group[] {
  const rates = figures.figures('packets').filter(({ unit }) => unit.endsWith('/s'));
  const titles = [...new Set(rates.map(titleOfRate))];
  return titles.flatMap((title) => {
    const all = rates.filter((rate) => titleOfRate(rate) === title);
    const reference = all.find(({ subject }) => subject === REFERENCE)?.value;
    if (reference === undefined || reference <= 0) return [];
    const bars = all.flatMap(({ subject, value }) => {
      const times = value / reference;
      return [{ label: subject, value: times, text: times.toFixed(2), isOurs: subject.startsWith('routed') }];
    });
    return group(bars, title);
  });
}

function titleOfRate({ situation, name }: { readonly situation?: string; readonly name: string }): string {
  return situation === undefined ? name : `${name}, ${situation}`;
}

function restartGroups(figures: Figures): Group[] {
  const scenario = 'restart';
  const first = bar(
    'no container',
    true,
    figures.find({ scenario: 'start', subject: 'routed', step: 'start to first answer' }),
  );
  const among = figures
    .situations(scenario)
    .flatMap((situation) =>
      bar(
        `${situation} containers`,
        true,
        figures.find({ scenario, situation, subject: 'routed', step: 'sockets answer' }),
      ),
    );
  return group([...first, ...among]);
}

function memoryGroups(figures: Figures): Group[] {
  const idle = bar(
    'at rest',
    true,
    figures.find({ scenario: 'start', subject: 'routed', step: 'resident memory, idle' }),
  );
  const live = memoryBars(figures, 'restart', 'resident memory', (count) => `${count} containers`);
  const peak = memoryBars(figures, 'burst', 'resident memory, peak', (count) => `${count} at once`);
  return group([...idle, ...live, ...peak]);
}

function memoryBars(figures: Figures, scenario: string, step: string, label: (count: string) => string): Bar[] {
  return figures
    .situations(scenario)
    .flatMap((situation) =>
      bar(label(situation), true, figures.find({ scenario, situation, subject: 'routed', step })),
    );
}

function bar(label: string, isOurs: boolean, value: number | undefined): Bar[] {
  return value === undefined ? [] : [{ label, value, text: short(value), isOurs }];
}

function group(bars: readonly Bar[], title?: string): Group[] {
  return bars.length < 2 ? [] : [{ bars, ...(title === undefined ? {} : { title }) }];
}
