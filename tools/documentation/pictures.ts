import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { instance } from '@viz-js/viz';
import { REPOSITORY } from './markdown.ts';

const FOLDER = `${REPOSITORY}docs/pictures/`;

/** A picture of the pages: what is drawn, and the file that has it. */
export interface Picture {
  /** Path of the drawing from the root of the repository. */
  readonly file: string;
  readonly svg: string;
}

/** Draws every picture from its text, a file in the language of Graphviz. @throws what is wrong with the text */
export async function drawPictures(): Promise<Picture[]> {
  const graphviz = await instance();
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.dot'))
    .map((name) => ({
      file: `docs/pictures/${basename(name, '.dot')}.svg`,
      svg: withFonts(graphviz.renderString(readFileSync(`${FOLDER}${name}`, 'utf8'), { format: 'svg' })),
    }));
}

/** Graphviz measures text in Verdana; the others are as wide. */
function withFonts(svg: string): string {
  return svg.replaceAll('font-family="Verdana"', 'font-family="Verdana,DejaVu Sans,sans-serif"');
}

if (process.argv[1] === import.meta.filename)
  for (const { file, svg } of await drawPictures()) writeFileSync(`${REPOSITORY}${file}`, svg);
