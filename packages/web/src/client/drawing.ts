import type { Overview } from '../shape/overview.ts';
import { fill, h, part, s, table } from './dom.ts';
import { type Box, type BoxLine, type Edge, layoutOf, LINE_HEIGHT } from './layout.ts';
import { plural } from './words.ts';

const NARROW = matchMedia('(max-width: 40rem)');
/** Characters that fit into a box of that width, at the size of its text. */
const CHARACTER_WIDTH = 6.9;

let last: Overview | undefined;
let shown = '';
NARROW.addEventListener('change', () => {
  if (last !== undefined) showDrawing(last);
});

/** The host in its network, and the same as a table. Drawn again only when it changes. */
export function showDrawing(overview: Overview): void {
  last = overview;
  const layout = layoutOf(overview, NARROW.matches);
  const text = JSON.stringify(layout.boxes);
  if (text === shown) return;
  shown = text;
  const section = part('drawing', HTMLElement);
  const wasOpen = section.querySelector('details')?.open ?? false;
  const { neighbors, networks, host } = overview;
  const label = `${host}: ${plural(neighbors.length, 'neighbor')} of its routers, ${plural(networks.length, 'network')}. The same follows as a table.`;
  const svg = s(
    'svg',
    { viewBox: `0 0 ${layout.width} ${layout.height}`, class: 'drawing', role: 'group', 'aria-label': label },
    ...layout.edges.map((edge) => edgeOf(edge, NARROW.matches)),
    ...layout.boxes.map(boxOf),
  );
  svg.style.maxWidth = `${layout.width}px`;
  fill(
    section,
    h('h2', { id: 'drawing-title' }, 'This host in its network'),
    h('div', { class: 'scroll' }, svg as unknown as HTMLElement),
    h(
      'p',
      { class: 'legend quiet' },
      ...(['good', 'warn', 'bad', 'idle'] as const).flatMap((tone) => [
        h('span', { class: `dot ${tone}` }),
        ` ${LEGEND[tone]} `,
      ]),
    ),
    h('details', { open: wasOpen }, h('summary', {}, 'The same as a table'), tableOf(layout.boxes)),
  );
}

const LEGEND = {
  good: 'announced, or up',
  warn: 'withdrawn',
  bad: 'down, or another host has it, too',
  idle: 'not in use',
} as const;

function boxOf(box: Box): SVGElement {
  const { x, y, width, height, title, lines, tone } = box;
  return s(
    'g',
    { transform: `translate(${x} ${y})` },
    s('rect', { width, height, rx: 8, class: `box ${tone}` }),
    s('text', { x: 14, y: 21, class: 'box-title' }, shorten(title, width - 28)),
    ...lines.map((line, index) => lineOf(line, 30 + LINE_HEIGHT * index + 12, width)),
  );
}

function lineOf({ text, tone, address }: BoxLine, y: number, width: number): SVGElement {
  const x = tone === undefined ? 14 : 28;
  const words = s('text', { x, y, class: 'box-line' }, shorten(text, width - x - 10), s('title', {}, text));
  const dot = tone !== undefined && s('circle', { cx: 18, cy: y - 4, r: 4, class: `dot ${tone}` });
  if (address === undefined) return s('g', {}, dot, words);
  return s('a', { href: `#/address/${encodeURIComponent(address)}`, 'aria-label': text }, dot, words);
}

function edgeOf({ from, to, tone }: Edge, isNarrow: boolean): SVGElement {
  const [x1, y1, x2, y2] = isNarrow
    ? [from.x + from.width / 2, from.y + from.height, to.x + to.width / 2, to.y]
    : [from.x + from.width, from.y + from.height / 2, to.x, to.y + to.height / 2];
  const bend = isNarrow
    ? `${x1} ${(y1 + y2) / 2} ${x2} ${(y1 + y2) / 2}`
    : `${(x1 + x2) / 2} ${y1} ${(x1 + x2) / 2} ${y2}`;
  return s('path', { d: `M${x1} ${y1}C${bend} ${x2} ${y2}`, class: `edge ${tone}` });
}

function shorten(text: string, width: number): string {
  const most = Math.floor(width / CHARACTER_WIDTH);
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

function tableOf(boxes: readonly Box[]): HTMLElement {
  return table(
    'The drawing as a table',
    ['What', 'How it is'],
    boxes.map(({ title, lines }) => [title, h('span', {}, lines.map(({ text }) => text).join('; '))]),
  );
}
