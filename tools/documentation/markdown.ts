import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));

/** A block between fences. */
export interface CodeBlock {
  /** Path from the root of the repository. */
  readonly page: string;
  /** Line of the page, from 1, that its first line stands on. */
  readonly line: number;
  readonly language: string;
  readonly text: string;
}

/** The text of a page, by its path from the root of the repository. */
export function readPage(page: string): string {
  return readFileSync(`${REPOSITORY}${page}`, 'utf8');
}

/** Every page for readers: at the root, in docs, of the packages and tools. */
export function allPages(): string[] {
  const below = (folder: string): string[] =>
    readdirSync(`${REPOSITORY}${folder}`, { withFileTypes: true }).flatMap((entry) => {
      const path = `${folder}${entry.name}`;
      if (['node_modules', 'dist'].includes(entry.name) || ['docs/api', 'docs/site'].includes(path)) return [];
      if (entry.isDirectory()) return below(`${path}/`);
      return path.endsWith('.md') ? [path] : [];
    });
  return ['README.md', 'CONTRIBUTING.md', ...['docs/', 'examples/', 'packages/', 'tools/', 'e2e/'].flatMap(below)];
}

/** The blocks of a page, those in lists included, without the indent of their fences. */
export function codeBlocks(page: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let open:
    { readonly indent: string; readonly language: string; readonly line: number; readonly lines: string[] } | undefined;
  for (const [index, text] of readPage(page).split('\n').entries()) {
    const [, indent = '', language = ''] = /^( *)```(\S*)\s*$/.exec(text) ?? [undefined];
    const isFence = text.trimStart().startsWith('```');
    if (open === undefined && isFence) open = { indent, language, line: index + 2, lines: [] };
    else if (open !== undefined && isFence) {
      blocks.push({ page, line: open.line, language: open.language, text: open.lines.join('\n') });
      open = undefined;
    } else open?.lines.push(text.startsWith(open.indent) ? text.slice(open.indent.length) : text);
  }
  return blocks;
}

/** The text of a page without its blocks. */
export function proseOf(page: string): string {
  return readPage(page).replace(/^( *)```[^]*?^\1```$/gm, '');
}

/** The rows of every table of a page, or of the part of it below a heading, cell by cell, without heads. */
export function tableRows(page: string, heading?: string): string[][] {
  const text = readPage(page);
  const part = heading === undefined ? text : (text.split(`\n## ${heading}\n`)[1] ?? '').split('\n## ')[0];
  return (part ?? '')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !/^\| :?-/.test(line))
    .map((line) => {
      const cells = line.slice(1, line.trimEnd().lastIndexOf('|')).split(/(?<!\\)\|/);
      return cells.map((cell) => cell.trim().replaceAll('\\|', '|'));
    });
}

/** What stands between backticks. */
export function codeSpans(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
}
