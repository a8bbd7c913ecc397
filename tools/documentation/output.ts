/** Of a container, network or endpoint; and the end of a link's name. */
const ID = '[0-9a-f]{8,}';

/**
 * The form of what a page shows that a command prints: its lines, one after the other. Numbers and ids may be others,
 * columns may be wider or narrower, and `…` stands for anything. Where it shows nothing, nothing is printed.
 */
export function formOf(shown: string): RegExp {
  if (shown.trim() === '') return /^\s*$/;
  const lines = shown
    .trimEnd()
    .split('\n')
    .map((line) => line.trimEnd().split(/ +/).map(formOfWord).join(' +'));
  return new RegExp(`^${lines.join(' *\\n')} *$`, 'm');
}

function formOfWord(word: string): string {
  return word
    .split(new RegExp(`(${ID}|\\d+|…)`))
    .map((part, index) => (index % 2 === 0 ? escape(part) : formOfPlaceholder(part)))
    .join('');
}

function formOfPlaceholder(part: string): string {
  if (part === '…') return '.*';
  return /^\d+$/.test(part) ? '\\d+' : ID;
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
