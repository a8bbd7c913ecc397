/**
 * A part of a configuration: lines, perhaps under a header that opens a context.
 * Blocks without a header hold top-level lines.
 */
export interface ConfigBlock {
  readonly header?: string;
  readonly lines: readonly string[];
  readonly blocks?: readonly ConfigBlock[];
}

/** How a nested context is left. */
function closing(header: string): string {
  if (header.startsWith('vrf ')) return 'exit-vrf';
  return header.startsWith('address-family ') ? 'exit-address-family' : 'exit';
}

function indented(depth: number, lines: readonly string[]): string[] {
  // Lines of a context that the parser does not know have their indentation.
  return lines.map((line) => (line.startsWith(' ') ? line : `${' '.repeat(depth)}${line}`));
}

/** FRR's integrated file: every context is left explicitly, as `show running-config` prints it. */
export function writeIntegrated(blocks: readonly ConfigBlock[]): string {
  const lines = blocks.filter(isSomething).flatMap((block) => [...integrated(block, 0), '!']);
  return `${lines.join('\n')}\n`;
}

function integrated(block: ConfigBlock, depth: number): string[] {
  if (block.header === undefined) return indented(depth, block.lines);
  const nested = (block.blocks ?? []).flatMap((child) => [
    ...indented(depth + 1, ['!']),
    ...integrated(child, depth + 1),
  ]);
  return [
    ...indented(depth, [block.header]),
    ...indented(depth + 1, block.lines),
    ...nested,
    ...indented(depth, [closing(block.header)]),
  ];
}

/** One daemon's file: a top-level `exit` would leave configuration mode there, so `!` alone separates blocks. */
export function writePerDaemon(blocks: readonly ConfigBlock[]): string {
  const parts = blocks.filter(isSomething).map((block) => perDaemon(block).join('\n'));
  return `${parts.join('\n!\n')}\n`;
}

function perDaemon(block: ConfigBlock): string[] {
  if (block.header === undefined) return [...block.lines];
  const nested = (block.blocks ?? []).flatMap((child) => ['!', ...integrated(child, 1)]);
  return [block.header, ...indented(1, block.lines), ...nested];
}

function isSomething(block: ConfigBlock): boolean {
  return block.header !== undefined || block.lines.length > 0;
}
