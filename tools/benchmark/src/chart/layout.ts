import type { Group, Panel } from './panel.ts';

/** Something to draw; all lengths in pixels, from the upper left corner. */
export type Shape =
  | {
      readonly kind: 'text';
      readonly style: 'title' | 'note' | 'group' | 'label' | 'value';
      /** Where the text begins; where it ends, for labels. */
      readonly x: number;
      readonly baseline: number;
      readonly text: string;
    }
  | {
      readonly kind: 'bar';
      readonly isOurs: boolean;
      readonly x: number;
      readonly y: number;
      readonly width: number;
      readonly height: number;
    };

export interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly shapes: readonly Shape[];
}

const COLUMNS = 2;
const MARGIN = 20;
const PANEL_WIDTH = 390;
const LABEL_WIDTH = 135;
const VALUE_WIDTH = 45;
const GAP = 8;
const BAR_HEIGHT = 14;
const ROW_HEIGHT = 20;
const TITLE_HEIGHT = 46;
const GROUP_TITLE_HEIGHT = 22;
const GROUP_GAP = 6;
const PANEL_GAP = 28;

/** Puts panels into two columns, each into the one that is shorter so far. */
export function layOut(panels: readonly Panel[]): Drawing {
  const bottoms = new Array<number>(COLUMNS).fill(MARGIN);
  const shapes = panels.flatMap((panel) => {
    const column = bottoms.indexOf(Math.min(...bottoms));
    const top = bottoms[column]!;
    bottoms[column] = top + heightOf(panel) + PANEL_GAP;
    return panelShapes(panel, MARGIN + column * (PANEL_WIDTH + MARGIN), top);
  });
  return {
    width: MARGIN + COLUMNS * (PANEL_WIDTH + MARGIN),
    height: Math.max(...bottoms) - PANEL_GAP + MARGIN,
    shapes,
  };
}

function heightOf({ groups }: Panel): number {
  const heights = groups.map(
    ({ title, bars }) => (title === undefined ? 0 : GROUP_TITLE_HEIGHT) + bars.length * ROW_HEIGHT,
  );
  return TITLE_HEIGHT + heights.reduce((sum, height) => sum + height + GROUP_GAP, 0);
}

function panelShapes({ title, note, groups }: Panel, x: number, top: number): Shape[] {
  const most = Math.max(...groups.flatMap(({ bars }) => bars.map(({ value }) => value)));
  const shapes: Shape[] = [
    { kind: 'text', style: 'title', x, baseline: top + 14, text: title },
    { kind: 'text', style: 'note', x, baseline: top + 32, text: note },
  ];
  let y = top + TITLE_HEIGHT;
  for (const group of groups) {
    if (group.title !== undefined) {
      shapes.push({ kind: 'text', style: 'group', x, baseline: y + 13, text: group.title });
      y += GROUP_TITLE_HEIGHT;
    }
    shapes.push(...barShapes(group, most, x, y));
    y += group.bars.length * ROW_HEIGHT + GROUP_GAP;
  }
  return shapes;
}

function barShapes({ bars }: Group, most: number, x: number, top: number): Shape[] {
  const begin = x + LABEL_WIDTH + GAP;
  const longest = PANEL_WIDTH - LABEL_WIDTH - VALUE_WIDTH - 2 * GAP;
  return bars.flatMap(({ label, value, text, isOurs }, index) => {
    const y = top + index * ROW_HEIGHT;
    const width = Math.max(1, Math.round((value / most) * longest));
    const baseline = y + BAR_HEIGHT - 3;
    return [
      { kind: 'text', style: 'label', x: x + LABEL_WIDTH, baseline, text: label },
      { kind: 'bar', isOurs, x: begin, y, width, height: BAR_HEIGHT },
      { kind: 'text', style: 'value', x: begin + width + GAP, baseline, text },
    ] satisfies Shape[];
  });
}
