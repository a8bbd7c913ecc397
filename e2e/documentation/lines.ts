import { typedLines, type TypedLine } from '../../tools/documentation/commands.ts';
import { codeBlocks } from '../../tools/documentation/markdown.ts';
import { elsewhere } from './elsewhere.ts';

/** What a page has its reader type. */
export function linesOf(page: string): TypedLine[] {
  return codeBlocks(page).flatMap(typedLines);
}

/** Those of them that these tests run. */
export function linesToRun(page: string): TypedLine[] {
  return linesOf(page).filter((line) => elsewhere(line) === undefined);
}
