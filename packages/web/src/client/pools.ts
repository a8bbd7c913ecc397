import type { FillMap } from '../shape/addresses.ts';
import type { Overview } from '../shape/overview.ts';
import { ask } from './api.ts';
import { fill, h, part, s, table } from './dom.ts';
import { count, plural } from './words.ts';

const CELLS_A_ROW = 32;
const CELL = 10;
/** Shades of a map, from one address in use to a full cell. */
const SHADES = 4;

interface Fill {
  readonly prefix: string;
  readonly what: string;
  readonly leased: number;
  readonly size: number;
  readonly rivals: readonly string[];
}

let shown = '';
/** The prefix whose map is open. */
let opened: string | undefined;

/** How full pools and blocks are. Drawn again only when that changed: a map may be open. */
export function showPools({ networks, blocks }: Overview): void {
  const fills: Fill[] = [
    ...networks.flatMap(({ name, pools }) =>
      pools.map(({ prefix, leased, size }) => ({ prefix, what: `pool of ${name}`, leased, size, rivals: [] })),
    ),
    ...blocks.map(({ prefix, network, leased, size, rivals }) => {
      return {
        prefix,
        what: network === undefined ? 'block of this host' : `block of ${network}`,
        leased,
        size,
        rivals,
      };
    }),
  ];
  const text = JSON.stringify(fills);
  if (text === shown) return;
  shown = text;
  fill(
    part('pools', HTMLElement),
    h('h2', { id: 'pools-title' }, 'Pools and blocks'),
    fills.length === 0
      ? h('p', { class: 'quiet' }, 'No network of this host has a pool yet.')
      : table('Pools and blocks', ['Prefix', 'What', 'In use', 'Of', 'Filled', 'Look'], fills.map(rowOf)),
    h('div', { id: 'map' }),
  );
  if (opened !== undefined) void showMap(opened);
}

function rowOf({ prefix, what, leased, size, rivals }: Fill): (Node | string)[] {
  const share = size === 0 ? 0 : leased / size;
  const button = h('button', { type: 'button', 'aria-controls': 'map' }, 'Map');
  button.setAttribute('aria-label', `Map of ${prefix}`);
  button.addEventListener('click', () => void showMap(prefix));
  const doubt =
    rivals.length === 0 ? undefined : h('span', { class: 'bad' }, ` also announced by ${rivals.join(', ')}`);
  return [
    h('span', {}, h('code', {}, prefix), doubt),
    what,
    count(leased),
    count(size),
    h(
      'span',
      { class: 'filled' },
      h('meter', { min: 0, max: 1, high: 0.9, optimum: 0, value: share, 'aria-label': `${prefix} filled` }),
      ` ${percent(share)}`,
    ),
    button,
  ];
}

function percent(share: number): string {
  if (share > 0 && share < 0.01) return 'below 1 %';
  return `${Math.round(share * 100)} %`;
}

async function showMap(prefix: string): Promise<void> {
  opened = prefix;
  const place = part('map', HTMLElement);
  try {
    fill(place, ...drawn(await ask<FillMap>(`map?prefix=${encodeURIComponent(prefix)}`)));
  } catch (error) {
    fill(place, h('p', { class: 'bad' }, (error as Error).message));
  }
}

function drawn(map: FillMap): HTMLElement[] {
  const { prefix, shown: part_, cellSize, used, cells, blocks } = map;
  const total = used.reduce((sum, each) => sum + each, 0);
  const rows = Math.ceil(cells / CELLS_A_ROW);
  const title = part_ === prefix ? prefix : `${part_}, the part of ${prefix} in use`;
  const summary = `${title}: ${plural(total, 'address', 'addresses')} of containers in ${used.filter(Boolean).length} of ${count(cells)} cells`;
  const drawing = s(
    'svg',
    { class: 'map', viewBox: `0 0 ${CELLS_A_ROW * CELL} ${rows * CELL}`, role: 'img', 'aria-label': summary },
    ...Array.from({ length: cells }, (_, cell) => cellOf(cell, map)),
  );
  const each =
    cellSize === 1 ? 'Each cell is one address.' : `Each cell is ${plural(cellSize, 'address', 'addresses')}.`;
  const own =
    blocks.length === 0 ? '' : ` Framed: ${blocks.map((block) => block.prefix).join(', ')}, announced as a block.`;
  return [
    h('h3', {}, `Map of ${title}`),
    drawing as unknown as HTMLElement,
    h('p', { class: 'quiet' }, `${each}${own}`),
  ];
}

function cellOf(cell: number, { used, cellSize, blocks }: FillMap): SVGElement {
  const taken = used[cell] ?? 0;
  const shade = taken === 0 ? 0 : Math.max(1, Math.ceil((taken / cellSize) * SHADES));
  const isInBlock = blocks.some(({ from, to }) => from <= cell && cell <= to);
  return s(
    'rect',
    {
      x: (cell % CELLS_A_ROW) * CELL + 1,
      y: Math.floor(cell / CELLS_A_ROW) * CELL + 1,
      width: CELL - 2,
      height: CELL - 2,
      rx: 1.5,
      class: `shade${Math.min(shade, SHADES)}${isInBlock ? ' own' : ''}`,
    },
    taken > 0 && s('title', {}, plural(taken, 'address', 'addresses')),
  );
}
