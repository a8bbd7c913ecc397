import type { Overview } from '../shape/overview.ts';
import { rateText } from './speed.ts';
import { count, plural, span } from './words.ts';

/** Something that the drawing shows as a box: a title and lines below it. */
export interface Box {
  readonly title: string;
  readonly lines: readonly BoxLine[];
  readonly tone: Tone;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** One line of a box. */
export interface BoxLine {
  readonly text: string;
  /** A dot before it; absent: none. */
  readonly tone?: Tone;
  /** The address it leads to. */
  readonly address?: string;
}

export type Tone = 'good' | 'bad' | 'warn' | 'idle';

/** A line between two boxes. */
export interface Edge {
  readonly from: Box;
  readonly to: Box;
  readonly tone: Tone;
}

/** Where everything is. */
export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly Box[];
  readonly edges: readonly Edge[];
}

/** A box that has no place yet. */
type Draft = Pick<Box, 'title' | 'lines' | 'tone'>;

export const LINE_HEIGHT = 18;
const HEAD_HEIGHT = 30;
const FOOT_HEIGHT = 8;
const GAP = 14;
const BETWEEN = 80;
/** Of boxes of other routers, of this host, and of networks. */
const WIDTHS = [240, 270, 310] as const;
const NARROW_WIDTH = 330;
const MOST_BOXES = 40;
const MOST_LINES = 6;
const TONES = { announced: 'good', withdrawn: 'warn', idle: 'idle', conflict: 'bad' } as const;

/** Places the boxes: side by side, or below each other where there is little room. Pure. */
export function layoutOf(overview: Overview, isNarrow: boolean): Layout {
  const outside = [...neighborDrafts(overview), ...peerDrafts(overview)];
  const columns = [outside, [hostDraft(overview)], networkDrafts(overview)] as const;
  return isNarrow ? stacked(columns) : sideBySide(columns);
}

function stacked([outside, host, networks]: readonly (readonly Draft[])[]): Layout {
  let y = GAP;
  const placed = [outside, host, networks].map((drafts = []) =>
    drafts.map((draft): Box => {
      const box = { ...draft, x: GAP, y, width: NARROW_WIDTH, height: heightOf(draft) };
      y += box.height + GAP * 2;
      return box;
    }),
  );
  return { width: NARROW_WIDTH + 2 * GAP, height: y, ...connected(placed) };
}

function sideBySide(columns: readonly (readonly Draft[])[]): Layout {
  const heights = columns.map((drafts) => drafts.reduce((sum, draft) => sum + heightOf(draft) + GAP, GAP));
  const height = Math.max(...heights);
  let x = 1;
  const placed = columns.map((drafts, column) => {
    const width = WIDTHS[column] ?? NARROW_WIDTH;
    let y = (height - (heights[column] ?? 0)) / 2 + GAP;
    const boxes = drafts.map((draft): Box => {
      const box = { ...draft, x, y, width, height: heightOf(draft) };
      y += box.height + GAP;
      return box;
    });
    x += width + BETWEEN;
    return boxes;
  });
  return { width: x - BETWEEN + 1, height, ...connected(placed) };
}

function connected([outside = [], hosts = [], networks = []]: readonly (readonly Box[])[]): Pick<
  Layout,
  'boxes' | 'edges'
> {
  const [host] = hosts;
  const edges =
    host === undefined
      ? []
      : [
          ...outside.map((from) => ({ from, to: host, tone: from.tone })),
          ...networks.map((to) => ({ from: host, to, tone: to.tone })),
        ];
  return { boxes: [...outside, ...hosts, ...networks], edges };
}

function heightOf({ lines }: Draft): number {
  return HEAD_HEIGHT + lines.length * LINE_HEIGHT + FOOT_HEIGHT;
}

function hostDraft({ host, uplinks, blocks, totals, problems }: Overview): Draft {
  const links = uplinks.map(({ name, isUp, inBitsPerSec, outBitsPerSec }): BoxLine => {
    const text = isUp ? `${name} ↓${rateText(inBitsPerSec)} ↑${rateText(outBitsPerSec)}` : `${name} is down`;
    return { text, tone: isUp ? 'good' : 'bad' };
  });
  return {
    title: host,
    tone: problems.some(({ severity }) => severity === 'broken') ? 'bad' : 'good',
    lines: [
      { text: `${count(totals.announced)} of ${plural(totals.endpoints, 'container')} announced` },
      ...atMost(links),
      ...atMost(blocks.map(({ prefix }) => ({ text: `block ${prefix}` }))),
    ],
  };
}

function neighborDrafts({ neighbors, routers }: Overview): Draft[] {
  if (neighbors.length === 0) {
    const title = routers.length === 0 ? 'No routing daemon answers' : 'No neighbor';
    const text = routers.length === 0 ? 'other hosts do not learn routes' : `${routers.join(', ')} has none`;
    return [{ title, tone: 'idle', lines: [{ text }] }];
  }
  return neighbors.slice(0, MOST_BOXES).map(({ protocol, neighbor, link, state, isUp, upSec, sent, received }) => {
    const session = isUp ? `up for ${span(upSec)}` : `down: ${state}`;
    const counts = sent === undefined ? [] : [{ text: `${count(sent)} announced, ${count(received ?? 0)} learnt` }];
    const where = link === '' || link === neighbor ? '' : ` on ${link}`;
    return {
      title: neighbor,
      tone: isUp ? ('good' as const) : ('bad' as const),
      lines: [{ text: `${NAMES[protocol] ?? protocol}${where}, ${session}` }, ...counts],
    };
  });
}

const NAMES: Readonly<Record<string, string>> = { bgp: 'BGP', ospf: 'OSPF', ospf6: 'OSPFv3', bfd: 'BFD' };

function peerDrafts({ peers }: Overview): Draft[] {
  return peers.slice(0, MOST_BOXES).map(({ url, host, state, endpoints, announced, blocks = [] }) => {
    if (state !== 'reachable') {
      const tone = state === 'asking' ? ('idle' as const) : ('bad' as const);
      return {
        title: host ?? url,
        tone,
        lines: [{ text: state === 'asking' ? 'its page is asked' : 'its page is unreachable' }],
      };
    }
    return {
      title: host ?? url,
      tone: 'idle' as const,
      lines: [
        { text: `${count(announced ?? 0)} of ${plural(endpoints ?? 0, 'container')} announced` },
        ...atMost(blocks.map((prefix) => ({ text: `block ${prefix}` }))),
      ],
    };
  });
}

function networkDrafts({ networks }: Overview): Draft[] {
  const drafts = networks.slice(0, MOST_BOXES).map(({ name, pools, endpoints, announced, sample }): Draft => {
    const shown = sample.slice(0, endpoints > MOST_LINES ? MOST_LINES - 1 : MOST_LINES);
    const more = endpoints - shown.length;
    const prefixes = pools.map(({ prefix }) => prefix).join(', ');
    return {
      title: name,
      tone: sample.some(({ state }) => state === 'conflict') ? 'bad' : announced === 0 ? 'idle' : 'good',
      lines: [
        { text: `${prefixes}: ${count(announced)} of ${count(endpoints)} announced` },
        ...shown.map((container) => {
          const [address] = container.addresses;
          const text = `${container.name} ${container.addresses.join(' ')}`;
          return { text, tone: TONES[container.state], ...(address !== undefined && { address }) };
        }),
        ...(more > 0 ? [{ text: `and ${plural(more, 'more', 'more')}` }] : []),
      ],
    };
  });
  const left = networks.length - drafts.length;
  return left === 0 ? drafts : [...drafts, { title: plural(left, 'more network'), tone: 'idle', lines: [] }];
}

function atMost(lines: readonly BoxLine[]): BoxLine[] {
  if (lines.length <= MOST_LINES) return [...lines];
  return [...lines.slice(0, MOST_LINES - 1), { text: `and ${lines.length - MOST_LINES + 1} more` }];
}
