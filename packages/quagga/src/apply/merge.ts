import { compareText } from '../validation/finding.ts';
import { foreignPart } from '../plan/ownership.ts';
import type { RenderedFile } from '../render/config.ts';
import { rawPart } from '../text/raw.ts';
import { type ConfigSection, type ConfigTree, parseConfig } from '../text/parse.ts';

/** Lines of a file that say what wrote it, which is now somebody else. */
const STAMP = /^(frr version|Building configuration|Current configuration|end$)/;

/** The lines of a file that the model cannot say and that a new file has to keep. */
export function foreignLines(found: string, rendered: string): ConfigTree {
  const before = parseConfig(found, { keepNoise: true });
  return foreignPart(before, parseConfig(rendered, { keepNoise: true }), rawPart(found));
}

/** The rendered file, with the lines of the found one that the model cannot say: addresses, static routes, logging. */
export function withForeignLines(file: RenderedFile, found: string | undefined): RenderedFile {
  if (found === undefined) return file;
  const sections = [...foreignLines(found, file.text).values()];
  const top = sections.filter(({ path }) => path.length === 0).flatMap(({ lines }) => lines);
  const first = top.filter((line) => !STAMP.test(line)).map((line) => `${line}\n`);
  const contexts = sections.filter(({ path }) => path.length > 0).sort(inOrder);
  const last = contexts.map((section) => sectionText(section, file.name));
  return { ...file, text: [...first, file.text, ...last].join('') };
}

/** Contexts of which the rendered text may hold a part; a VRF comes before the interfaces in it. */
const RANKED = [/^vrf /, /^interface /, /^(router|bfd)\b/];

function rankOf({ path: [header = ''] }: ConfigSection): number {
  const rank = RANKED.findIndex((pattern) => pattern.test(header));
  return rank === -1 ? RANKED.length : rank;
}

/** The same order whatever the file looked like before; other contexts stay as they come. */
function inOrder(a: ConfigSection, b: ConfigSection): number {
  const difference = rankOf(a) - rankOf(b);
  if (difference !== 0 || rankOf(a) === RANKED.length) return difference;
  return compareText(a.path.join('\n'), b.path.join('\n'));
}

/** A context of the operator's, behind the rendered text; the daemons join what is said of a context in two places. */
function sectionText({ path, lines }: ConfigSection, fileName: string): string {
  const indent = (depth: number, line: string): string => (/^\s/.test(line) ? line : `${' '.repeat(depth)}${line}`);
  const heads = path.map((header, depth) => indent(depth, header));
  const body = lines.map((line) => indent(path.length, line));
  return `${[...heads, ...body, ...exits(path, fileName), '!'].join('\n')}\n`;
}

/** In a file of one daemon a top-level `exit` would leave configuration mode. */
function exits(path: readonly string[], fileName: string): string[] {
  const all = path.map((header, depth) => `${' '.repeat(depth)}${exitOf(header)}`).reverse();
  return fileName === 'frr.conf' ? all : all.slice(0, -1);
}

function exitOf(header: string): string {
  if (header.startsWith('address-family ')) return 'exit-address-family';
  return header.startsWith('vrf ') ? 'exit-vrf' : 'exit';
}
