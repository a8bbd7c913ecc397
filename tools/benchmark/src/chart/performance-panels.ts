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
/** Rates of the scenario that a reader asks for: the others are on the page with all tables. */
const RATES = ['TCP, 1 stream', 'connections', 'UDP of 64 bytes, received'];
/** Subjects of the scenario, and what is written beside their bars. */
const paths: readonly (readonly [subject: string, label: string])[] = [
  ['routed', 'routed'],
  ['routed, conntrack off', 'conntrack off'],
  [REFERENCE, REFERENCE],
  ['macvlan', 'macvlan'],
  ['host', 'no container'],
];

/** Between hosts, or on one host if that is all that was measured: the last situation. */
function packetGroups(figures: Figures): Group[] {
  const scenario = 'packets';
  const situation = figures.situations(scenario).at(-1);
  if (situation === undefined) return [];
  return RATES.flatMap((step) => {
    const find = (subject: string): number | undefined => figures.find({ scenario, situation, subject, step });
    const reference = find(REFERENCE);
    if (reference === undefined || reference <= 0) return [];
    const bars = paths.flatMap(([subject, label]) => {
      const value = find(subject);
      if (value === undefined) return [];
      const times = value / reference;
      return [{ label, value: times, text: times.toFixed(2), isOurs: subject.startsWith('routed') }];
    });
    return group(bars, `${step}, ${situation}`);
  });
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
