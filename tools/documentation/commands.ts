import type { CodeBlock } from './markdown.ts';

/** One command of a block, as a shell would start it. */
export interface TypedCommand {
  readonly page: string;
  readonly line: number;
  /** The program and its arguments, without quotes; variables as they are written. */
  readonly words: readonly string[];
}

/** A line of a block as its reader types it, with what the page shows below it. */
export interface TypedLine {
  readonly page: string;
  readonly line: number;
  /** Continued lines are joined, the comment at the end is taken off. */
  readonly text: string;
  /** What the page says of it at the end of the line. */
  readonly comment: string;
  /** What the page shows that it prints; null in a block of commands alone. */
  readonly output: string | null;
  /** Which of the page's hosts it is typed on, as a comment above it says (`# on host-a`); absent where none does. */
  readonly on?: string;
}

const SHELLS = ['sh', 'bash', 'shell'];
/** A block of what stands on a terminal: commands behind a prompt, and what they print. */
const TERMINAL = 'console';
const PLACE = /^# on ([\w -]+)$/;
/** Words that a program may follow. */
const BEFORE_PROGRAM = new Set(['exec', 'if', '!', 'do', 'then', 'nice', 'time', 'npx']);

/** The lines of a block of shell or of a terminal, without those of comments alone; none of a block of anything else. */
export function typedLines(block: CodeBlock): TypedLine[] {
  if (block.language === TERMINAL) return terminalLines(block);
  if (!SHELLS.includes(block.language)) return [];
  const typed: TypedLine[] = [];
  let pending = '';
  let first = block.line;
  let place: Place = {};
  for (const [index, each] of block.text.split('\n').entries()) {
    if (pending === '') first = block.line + index;
    pending += each;
    if (pending.endsWith('\\')) {
      pending = pending.slice(0, -1);
      continue;
    }
    place = placeOf(pending) ?? place;
    if (!/^\s*(#|$)/.test(pending)) typed.push({ ...typedLine(block.page, first, pending, null), ...place });
    pending = '';
  }
  return typed;
}

function terminalLines({ page, line, text }: CodeBlock): TypedLine[] {
  const typed: TypedLine[] = [];
  const place = placeOf(text.split('\n')[0] ?? '') ?? {};
  for (const [index, each] of text.split('\n').entries()) {
    const [, command] = /^\$ (.*)/.exec(each) ?? [];
    const last = typed.pop();
    if (command !== undefined) {
      typed.push(...(last ? [last] : []), { ...typedLine(page, line + index, command, ''), ...place });
    } else if (last !== undefined) typed.push({ ...last, output: `${last.output}${each}\n` });
  }
  return typed;
}

type Place = Pick<TypedLine, 'on'>;

function placeOf(comment: string): Place | undefined {
  const [, on] = PLACE.exec(comment) ?? [];
  return on === undefined ? undefined : { on };
}

function typedLine(page: string, line: number, typed: string, output: string | null): TypedLine {
  const [, text = '', comment = ''] = /^(.*?)(?:\s+#\s+(.*))?$/.exec(typed) ?? [];
  return { page, line, text, comment, output };
}

/** The commands of a block of shell; none of a block of anything else. */
export function commandsOf(block: CodeBlock): TypedCommand[] {
  return typedLines(block).flatMap(({ page, line, text }) => split(text).map((words) => ({ page, line, words })));
}

/** Words of each command of a line: quotes, comments and what stands between commands are known, and nothing else. */
function split(line: string): string[][] {
  const commands: string[][] = [[]];
  const token =
    /\s*(?:(#.*$)|(&&|\|\||[;|()])|(\d?>>?&?\s*\S+|<\s*\S+)|((?:'[^']*'|"(?:\\.|[^"])*"|\\.|[^\s'"\\;|&<>()#]|(?<=\S)#)+)|(\S))/gy;
  for (const [, comment, separator, redirection, word] of line.matchAll(token)) {
    if (comment !== undefined) break;
    if (separator !== undefined) commands.push([]);
    else if (redirection === undefined && word !== undefined) commands.at(-1)?.push(unquote(word));
  }
  return commands.map(withoutPrefix).filter(({ length }) => length > 0);
}

function unquote(word: string): string {
  return word.replace(
    /'([^']*)'|"((?:\\.|[^"])*)"|\\(.)/g,
    (quoted, single?: string, double?: string, escaped?: string) => {
      return single ?? double?.replace(/\\(["$\\`])/g, '$1') ?? escaped ?? quoted;
    },
  );
}

/** Without assignments and helpers before the program. */
function withoutPrefix(words: readonly string[]): string[] {
  if (words[0] === 'sudo') return words[1] === '-i' ? [] : words.slice(1);
  const start = words.findIndex((word) => !/^\w+=/.test(word) && !BEFORE_PROGRAM.has(word));
  return start < 0 ? [] : words.slice(start);
}
