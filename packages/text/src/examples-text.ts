/** Examples of a command, for below its help; nothing where there are none. Pure. */
export function examplesText(lines: readonly string[]): string {
  if (lines.length === 0) return '';
  return `\n${lines.length === 1 ? 'Example' : 'Examples'}:\n${lines.map((line) => `  ${line}`).join('\n')}`;
}
