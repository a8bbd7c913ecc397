import type { ConfigBlock } from './block.ts';
import { type ConfigSection, type ConfigTree, parseConfig } from './parse.ts';

const BEGIN = '! quagga-config: raw lines begin';
const END = '! quagga-config: raw lines end';

/** Raw lines as a part of a file that {@link rawPart} finds again: nothing else tells them from the operator's. */
export function rawBlocks(text: string | undefined): ConfigBlock[] {
  const sections = [...parseConfig(text ?? '', { keepNoise: true }).values()];
  if (sections.length === 0) return [];
  return [{ lines: [BEGIN] }, ...sections.map(blockOf), { lines: [END] }];
}

function blockOf({ path: [header, ...inner], lines }: ConfigSection): ConfigBlock {
  if (header === undefined) return { lines };
  const [nested] = inner;
  return nested === undefined ? { header, lines } : { header, lines: [], blocks: [{ header: nested, lines }] };
}

/** The raw lines of a file that this tool has written; none if a daemon has written it since. */
export function rawPart(text: string | undefined): ConfigTree {
  const from = text?.indexOf(BEGIN) ?? -1;
  const to = text?.indexOf(END, from) ?? -1;
  return parseConfig(text === undefined || from < 0 || to < 0 ? '' : text.slice(from, to), { keepNoise: true });
}
