import { layOut, type Shape } from './layout.ts';
import type { Panel } from './panel.ts';

/** Its own background makes it readable on a page of any colour; the reader's system chooses light or dark. */
const STYLE = `
  text { font-family: Verdana, 'DejaVu Sans', sans-serif; font-size: 12px; fill: #1e293b; }
  .title { font-size: 14px; font-weight: bold; }
  .note { font-size: 11px; fill: #475569; }
  .group { font-size: 11px; font-weight: bold; }
  .label { text-anchor: end; }
  .paper { fill: #ffffff; }
  .bar { fill: #94a3b8; }
  .ours { fill: #2563eb; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e2e8f0; }
    .note { fill: #cbd5e1; }
    .paper { fill: #0f172a; }
    .bar { fill: #64748b; }
    .ours { fill: #60a5fa; }
  }
`;

/** Panels of bars as an SVG image without scripts, links or fonts of its own. */
export function drawPanels(panels: readonly Panel[]): string {
  const { width, height, shapes } = layOut(panels);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escape(panels.map(({ title }) => title).join('; '))}</title>`,
    `<style>${STYLE}</style>`,
    `<rect class="paper" width="${width}" height="${height}"/>`,
    ...shapes.map(draw),
    '</svg>\n',
  ].join('\n');
}

function draw(shape: Shape): string {
  if (shape.kind === 'text')
    return `<text class="${shape.style}" x="${shape.x}" y="${shape.baseline}">${escape(shape.text)}</text>`;
  const { isOurs, x, y, width, height } = shape;
  return `<rect class="${isOurs ? 'bar ours' : 'bar'}" x="${x}" y="${y}" width="${width}" height="${height}"/>`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
